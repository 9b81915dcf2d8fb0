"""Sends one notice by e-mail, through the server that the settings name."""

import smtplib
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from peelian.errors import SettingsError
from peelian.store.notices import Due, Occasion

_TIMEOUT_S = 15.0
_SECURITIES = ("starttls", "tls", "none")


@dataclass(frozen=True, slots=True)
class Post:
    """The server that takes e-mail: where it is, how it is reached, and in whose name."""

    host: str
    port: int
    security: str
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Refuse a way that is none, and a password over a line that anyone may read.

        Raises
        ------
        SettingsError
            With the mend.
        """
        if self.security not in _SECURITIES:
            raise SettingsError(f"[mail] security = {self.security!r}; write starttls, tls or none.")
        if self.host and "@" not in self.sender:
            raise SettingsError(f"[mail] sender = {self.sender!r}; name the address that Peelian writes from.")
        if self.user and self.security == "none" and self.host not in ("localhost", "127.0.0.1", "::1"):
            raise SettingsError(f"[mail] user {self.user!r}: no password travels unsealed; set security to starttls.")


def send(due: Due, post: Post, body: dict[str, object], site: str) -> str:
    """Send a notice; return "" where the server took it, else what went wrong, in a sentence."""
    try:
        message = compose(due, post.sender, body, site)
    except ValueError as error:
        return f"{type(error).__name__}: {error}"
    return deliver(message, post)


def deliver(message: EmailMessage, post: Post) -> str:
    """Hand a message to the server; return "" where it was taken, else what went wrong, in a sentence."""
    if not post.host:
        return "no e-mail is sent while [mail] host names no server"
    try:
        with _server(post) as server:
            if post.user:
                server.login(post.user, post.password)
            server.send_message(message)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def compose(due: Due, sender: str, body: dict[str, object], site: str) -> EmailMessage:
    """Return the message; its id is the notice's, so that the same one twice is known."""
    subject, said = _words(due.occasion, body)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = f"Peelian: {subject}"
    message["From"], message["To"] = sender, due.address
    message["Date"] = format_datetime(datetime.fromisoformat(str(body["at"])))
    message["Message-ID"] = f"<{due.id}@{sender.rpartition('@')[2].rstrip('>')}>"
    message["Auto-Submitted"] = "auto-generated"
    link = f"\n{site.rstrip('/')}/\n" if site else ""
    message.set_content(
        f"{said}\n{link}\nYou are told because {due.name!r} is subscribed to notices of Peelian. An administrator can "
        "end that.\n"
    )
    return message


def _words(occasion: Occasion, body: dict[str, object]) -> tuple[str, str]:
    """Return the subject, and what is said."""
    if occasion is Occasion.TRIAL:
        return "a trial", "This is a trial: it tells of nothing, and shows that notices arrive."
    where = f"{body['force']}, night of {body['night']}"
    if occasion is Occasion.LATE:
        last = f" {body['last']}" if body.get("last") else ""
        return f"late: {where}", f"The {where}, was expected by {body['expected_by']} and is not published.{last}"
    return (
        f"published: {where}",
        f"The {where}, is published: {body['maps']} maps, {body['boxes']} boxes, valid until {body['valid_to']}.",
    )


def _server(post: Post) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if post.security == "tls":
        return smtplib.SMTP_SSL(post.host, post.port, timeout=_TIMEOUT_S, context=context)
    server = smtplib.SMTP(post.host, post.port, timeout=_TIMEOUT_S)
    if post.security == "starttls":
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
    return server
