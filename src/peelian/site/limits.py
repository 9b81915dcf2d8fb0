"""How often each thing may be asked for: one table, counted in the database for all processes together."""

from dataclasses import dataclass

from peelian.errors import TooOftenError
from peelian.store import limits
from peelian.store.nights import utc_now


@dataclass(frozen=True, slots=True)
class Limit:
    """So many in so many seconds; ``what`` is how the refusal calls it."""

    name: str
    most: int
    window_s: int
    what: str

    def key(self, who: str) -> str:
        """Return under what the asker is counted."""
        return f"{self.name}:{who}"

    def take(self, who: str) -> None:
        """Count one.

        Raises
        ------
        TooOftenError
            When it is one too many, with how long to wait.
        """
        taken = limits.take(self.key(who), self.most, self.window_s, utc_now())
        if not taken:
            minutes = -(-taken.wait_s // 60)
            wait = f"{minutes} minute{'' if minutes == 1 else 's'}"
            raise TooOftenError(f"too many {self.what}; try again in {wait}.", taken.wait_s)

    def give_back(self, who: str) -> None:
        """Forget what was counted of an asker."""
        limits.give_back(self.key(who))


#: A whole shift may sign in behind one address; a program that tries passwords is stopped all the same.
SIGN_IN_FROM = Limit("sign-in-from", 300, 900, "sign-ins from this address")
#: One name from everywhere: what the wait of name and address together does not see.
SIGN_IN_NAME = Limit("sign-in-name", 100, 3600, "sign-ins with this name")
#: Codes of one account; beside it each wrong code doubles the wait for the next.
CODE = Limit("code", 20, 900, "codes")
#: The present password, asked for again inside a session.
PRESENT = Limit("present", 10, 900, "tries of the present password")
#: Links for a forgotten password.
LINK_FROM = Limit("link-from", 20, 3600, "requests from this address")
LINK_NAME = Limit("link-name", 3, 3600, "links for this name")
#: Sending a form that needs no sign-in.
PUBLIC_FORM = Limit("public-form", 20, 3600, "forms from this address")
#: What a program asks with one token.
TOKEN = Limit("token", 600, 60, "requests with this token")
#: Reading the whole audit log to check it.
VERIFY = Limit("verify", 6, 60, "checks of the log")
