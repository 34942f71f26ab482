"""
May this topic be made, named, changed, closed or opened again?

Any member makes topics; who made one, or whoever runs the circle, renames it, closes
it and opens it again, if its name was not taken meanwhile. A name stands for one topic
of a circle at a time, however it is spelled.

Source: 000_5ed45e92f4bb09bc:43 (self-made topics); the rest is ours.
"""

from circlekit.verdict import ALLOWED, Verdict, refused


def not_yet_made(version: int, *, topic: str) -> Verdict:
    """
    A topic is made once.
    """
    if version == 0:
        return ALLOWED
    return refused("topic-exists", f"{topic} was made already")


def name_is_free(name: str, *, topic: str, taken_by: str | None) -> Verdict:
    """
    No two open topics of a circle go by one name.

    >>> str(name_is_free("Running", topic="t2", taken_by="t1"))
    'topic-name-taken: another topic of this circle is called Running'
    """
    if taken_by is None or taken_by == topic:
        return ALLOWED
    return refused("topic-name-taken", f"another topic of this circle is called {name}")


def topic_is_open(name: str, *, closed: bool) -> Verdict:
    """
    Nothing is done any more on a closed topic.
    """
    if not closed:
        return ALLOWED
    return refused("topic-closed", f"the topic {name} was closed")


def topic_is_closed(name: str, *, closed: bool) -> Verdict:
    """
    Only what was closed is opened again.

    >>> str(topic_is_closed("Running", closed=False))
    'topic-not-closed: the topic Running is open'
    """
    if closed:
        return ALLOWED
    return refused("topic-not-closed", f"the topic {name} is open")


def own_or_run(by: str, owner: str | None, *, member: Verdict, run: Verdict) -> Verdict:
    """
    Ask who made it whether they are still a member, and others whether they run it.
    """
    return member if by == owner else run
