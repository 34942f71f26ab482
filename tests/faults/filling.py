"""
Fill a disk with a community, as a process of its own: ``filling FOLDER REFUSALS``.
"""

import sys
from pathlib import Path

from circlekit import CircleKit, ManualClock, StoreError
from circlekit.events.circle import PostPublished
from tests.store.workers import START


def fill(folder, refusals):
    """
    Write until there is no room, try so many times more, make room, write again.
    """
    ballast = folder / "ballast"
    ballast.write_bytes(bytes(1_000_000))
    done, refused = [], 0
    with CircleKit(f"sqlite:///{folder}/club.db", clock=ManualClock(START)) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        while refused < refusals:
            try:
                text = f"{len(done)} {'x' * 5_000}"
                done.append((kit.publish_post("club", by="mei", text=text), text))
            except StoreError:
                refused += 1
        ballast.unlink()
        resumed = kit.publish_post("club", by="mei", text="There is room again")
    with CircleKit(f"sqlite:///{folder}/club.db") as kit:
        kit.verify()
        texts = {
            it.version: it.event.text
            for it in kit.history("club")
            if isinstance(it.event, PostPublished)
        }
    lost = sum(texts.pop(post.version, None) != text for post, text in done)
    return {
        "refused": refused,
        "told": len(done),
        "lost": lost,
        "resumed": int(texts.pop(resumed.version) == "There is room again"),
        "unsaid": len(texts),
    }


if __name__ == "__main__":
    for name, count in fill(Path(sys.argv[1]), int(sys.argv[2])).items():
        print(f"{name}={count}")  # noqa: T201 - the test reads it
