"""Purpose: why a record is read. It stands in the log beside who read it."""

from dataclasses import dataclass

from peelian.errors import NotAllowedError

_SHORTEST, _LONGEST = 5, 500


@dataclass(frozen=True, slots=True)
class Purpose:
    """A reason in words, such as 'burglary 1829/17: who had the van'. ``justification`` may say more."""

    text: str

    def __post_init__(self) -> None:
        """Refuse a purpose that says nothing.

        Raises
        ------
        NotAllowedError
            When it is shorter than a word or two, or longer than a paragraph.
        """
        text = " ".join(self.text.split())
        if not _SHORTEST <= len(text) <= _LONGEST:
            raise NotAllowedError(
                f"purpose {text[:40]!r}: say in {_SHORTEST} to {_LONGEST} characters why the record is needed, "
                "such as the crime number and what is asked."
            )
        object.__setattr__(self, "text", text)
