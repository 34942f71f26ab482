"""
AsyncCircleKit: the kit for hosts that must not wait, each call in a thread.

A store is spoken to one call after the other, and the library under it knows no
other way. So every method here is the method of that name of
:class:`~circlekit.application.kit.CircleKit`, with the same parameters, carried out
in a thread of the kit's own while the host's loop goes on.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from functools import partial, wraps
from itertools import islice
from threading import Event
from types import TracebackType
from typing import Any, Concatenate, Final, ParamSpec, Self, TypeVar

import anyio
from anyio import (
    CancelScope,
    CapacityLimiter,
    create_task_group,
    get_cancelled_exc_class,
)
from anyio.to_thread import run_sync

from circlekit.application.deciding import system_clock
from circlekit.application.following import Handler
from circlekit.application.kit import CircleKit
from circlekit.clock import Clock
from circlekit.errors import StoreError
from circlekit.policies.graders import Grader
from circlekit.policies.house import HousePolicy
from circlekit.store import Durability, must_be_some

_P = ParamSpec("_P")
_T = TypeVar("_T")
_BLOCK: Final = 500


def _offloaded(
    method: Callable[Concatenate[Any, _P], _T],
) -> Callable[Concatenate["AsyncCircleKit", _P], Coroutine[Any, Any, _T]]:
    # The same name, parameters and docstring; only whoever calls has to await.
    @wraps(method)
    async def offloaded(
        self: "AsyncCircleKit", /, *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        return await self.in_thread(partial(method, self.kit, *args, **kwargs))

    return offloaded


def _walked(
    method: Callable[Concatenate[Any, _P], Iterator[_T]],
) -> Callable[Concatenate["AsyncCircleKit", _P], AsyncIterator[_T]]:
    # A block for each way to a thread: that way costs more than an event does.
    @wraps(method)
    async def walked(
        self: "AsyncCircleKit", /, *args: _P.args, **kwargs: _P.kwargs
    ) -> AsyncIterator[_T]:
        found = await self.in_thread(partial(method, self.kit, *args, **kwargs))
        while block := await self.in_thread(lambda: list(islice(found, _BLOCK))):
            for each in block:
                yield each

    return walked


class AsyncCircleKit:
    """
    Communities on one store, for asyncio and trio.

    Every method of :class:`~circlekit.application.kit.CircleKit` is here to be
    awaited, ``history`` to be walked with ``async for``, and ``in_batch`` is there
    instead of ``batch``.

    A call that is cancelled has happened as a whole or not at all. Its thread is
    never left behind: the cancelled task goes on only when the thread has ended and
    the store is free again.

    What a host hands over, such as a ``progress`` function, is called in the thread.

    >>> import asyncio
    >>> async def main() -> int:
    ...     async with AsyncCircleKit("sqlite://") as kit:
    ...         club = await kit.found_circle(name="Club", kind="community", by="mei")
    ...         return (await kit.quota(club)).lines[0].left
    >>> asyncio.run(main())
    4
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Clock = system_clock,
        record_refusals: bool = True,
        most_loaded: int = 1_000,
        busy_seconds: float = 30.0,
        policies: Iterable[type[HousePolicy]] = (),
        graders: Iterable[Grader] = (),
        create: bool = True,
        durability: Durability = "full",
        most_connections: int = 15,
        threads: int = 10,
    ) -> None:
        """
        Note how to open the store; ``async with`` opens it.

        Args:
            url: As for :class:`~circlekit.application.kit.CircleKit`, like all
                that follow but the last.
            clock: Where every moment comes from; asked in a thread.
            record_refusals: Whether refused commands are kept beside the history.
            most_loaded: How many circles, groups, customers and readers are
                kept in memory at most.
            busy_seconds: How long to wait for another process that is writing.
            policies: The host's own policies, which its rule books name.
            graders: The host's own graders of homework.
            create: Whether to make a store where there is none.
            durability: Whether a command waits until it is on the disk.
            most_connections: How many connections to the store there are at most.
            threads: How many calls are under way at once at most, one or more. They
                wait for nobody else's threads, and nobody else for theirs.

        Raises:
            InvalidInputError: If there is no such number of threads; whatever else
                is not accepted is told when it is opened.
        """
        must_be_some("threads", threads)
        self._open = partial(
            CircleKit,
            url,
            clock=clock,
            record_refusals=record_refusals,
            most_loaded=most_loaded,
            busy_seconds=busy_seconds,
            policies=policies,
            graders=graders,
            create=create,
            durability=durability,
            most_connections=most_connections,
        )
        self._threads = threads
        self._limiter: CapacityLimiter | None = None
        self._kit: CircleKit | None = None

    def __repr__(self) -> str:
        """
        Return where the kit keeps its store, if it is open.
        """
        return f"AsyncCircleKit({self._kit!r})"

    @property
    def kit(self) -> CircleKit:
        """
        Return the kit that does the work, for code that is in a thread already.

        Raises:
            StoreError: If it is not open.
        """
        if self._kit is None:
            message = "this kit is not open; accepted: `async with AsyncCircleKit(...)`"
            raise StoreError(message)
        return self._kit

    async def __aenter__(self) -> Self:
        """
        Open the store, in a thread as well.
        """
        self._limiter = CapacityLimiter(self._threads)
        try:
            await self.in_thread(self._open_here)
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """
        Close it at the block's end.
        """
        await self.close()

    async def close(self) -> None:
        """
        Let go of the store, also when cancelled.
        """
        kit, self._kit = self._kit, None
        if kit is not None:
            with CancelScope(shield=True):
                await self.in_thread(kit.close)

    async def in_thread(self, work: Callable[[], _T]) -> _T:
        """
        Do *work* in a thread of the kit's, and see it through if cancelled.

        Cancelled while it waits for a thread, it is not begun.
        """
        return await self._seen_through(work, self._limiter, _nothing)

    async def in_batch(self, work: Callable[[CircleKit], _T]) -> _T:
        """
        Carry out a plain function in one batch, in one thread, and answer as it does.

        A transaction belongs to a thread, and a block of ``async with`` would keep
        it open, and every other writer waiting, for as long as the host awaits
        something else inside. So a batch is a function that awaits nothing:

        >>> import asyncio
        >>> def settle(kit: CircleKit) -> str:
        ...     club = kit.found_circle(name="Club", kind="community", by="mei")
        ...     kit.join_circle(club, "tao")
        ...     return club
        >>> async def main() -> int:
        ...     async with AsyncCircleKit("sqlite://") as kit:
        ...         club = await kit.in_batch(settle)
        ...         return len(await kit.circles("tao"))
        >>> asyncio.run(main())
        1

        Args:
            work: Is given the kit; what it raises undoes all it did.
        """
        kit = self.kit

        def whole() -> _T:
            with kit.batch():
                return work(kit)

        return await self.in_thread(whole)

    async def follow(
        self,
        name: str,
        handler: Handler,
        *,
        kinds: Iterable[type] | None = None,
        after: int = 0,
        block: int = _BLOCK,
        poll: float = 1.0,
        stop: Event | None = None,
    ) -> None:
        """
        Show a follower every event until stopped, or cancelled.

        As :meth:`CircleKit.follow <circlekit.application.kit.CircleKit.follow>`, in
        a thread that nothing else waits for. The handler is a plain function, and is
        called there. Cancelled, it sets *stop* and ends after the event it is at.

        Args:
            name: Lasting name, under which the position is kept.
            handler: Is called with each event.
            kinds: Only events of these classes; None means all.
            after: Where a follower that is new begins; later it has no meaning.
            block: How many events are taken in with one transaction, at most.
            poll: Seconds to wait before asking again, if there was nothing new.
            stop: Ends it after the event it is at, if set.

        Raises:
            InvalidInputError: If an argument is not accepted.
        """
        ended = Event() if stop is None else stop
        work = partial(
            self.kit.follow,
            name,
            handler,
            kinds=kinds,
            after=after,
            block=block,
            poll=poll,
            stop=ended,
        )
        await self._seen_through(work, CapacityLimiter(1), ended.set)

    def _open_here(self) -> None:
        self._kit = self._open()

    @staticmethod
    async def _seen_through(
        work: Callable[[], _T],
        limiter: CapacityLimiter | None,
        cancelled: Callable[[], None],
    ) -> _T:
        done: list[_T] = []
        failed: list[BaseException] = []
        ended = anyio.Event()

        def carry_out() -> None:
            # What is raised here may be a cancellation of something else, which is
            # not to be taken for one of the task that waits.
            try:
                done.append(work())
            except BaseException as error:  # noqa: BLE001 - raised again below
                failed.append(error)

        async def see_through() -> None:
            await run_sync(carry_out, limiter=limiter)
            ended.set()

        # A task of its own: `Task.cancel()` of asyncio knows nothing of anyio's
        # shields, and would end the wait with the thread still at work. The group
        # turns it away from the task within, and waits.
        async with create_task_group() as tasks:
            tasks.start_soon(see_through)
            try:
                await ended.wait()
            except get_cancelled_exc_class():
                cancelled()
                raise
        if failed:
            raise failed.pop()
        return done.pop()

    # Circles
    found_circle = _offloaded(CircleKit.found_circle)
    adopt_rule_book = _offloaded(CircleKit.adopt_rule_book)
    join_circle = _offloaded(CircleKit.join_circle)
    leave_circle = _offloaded(CircleKit.leave_circle)
    remove_member = _offloaded(CircleKit.remove_member)
    appoint_manager = _offloaded(CircleKit.appoint_manager)
    dismiss_manager = _offloaded(CircleKit.dismiss_manager)
    hand_over_circle = _offloaded(CircleKit.hand_over_circle)
    grant_override = _offloaded(CircleKit.grant_override)
    revoke_override = _offloaded(CircleKit.revoke_override)
    switch_post_sync = _offloaded(CircleKit.switch_post_sync)
    close_circle = _offloaded(CircleKit.close_circle)
    reopen_circle = _offloaded(CircleKit.reopen_circle)
    archive_circle = _offloaded(CircleKit.archive_circle)
    request_to_join = _offloaded(CircleKit.request_to_join)
    withdraw_request = _offloaded(CircleKit.withdraw_request)
    approve_request = _offloaded(CircleKit.approve_request)
    decline_request = _offloaded(CircleKit.decline_request)
    invite = _offloaded(CircleKit.invite)
    accept_invitation = _offloaded(CircleKit.accept_invitation)
    decline_invitation = _offloaded(CircleKit.decline_invitation)
    revoke_invitation = _offloaded(CircleKit.revoke_invitation)
    accept_convention = _offloaded(CircleKit.accept_convention)
    admit_partner = _offloaded(CircleKit.admit_partner)
    end_partnership = _offloaded(CircleKit.end_partnership)
    register_organisation = _offloaded(CircleKit.register_organisation)
    staff_joined = _offloaded(CircleKit.staff_joined)
    staff_left = _offloaded(CircleKit.staff_left)
    role_verified = _offloaded(CircleKit.role_verified)
    role_expired = _offloaded(CircleKit.role_expired)
    verify_role = _offloaded(CircleKit.verify_role)
    succeed_owner = _offloaded(CircleKit.succeed_owner)
    all_staff_circle = _offloaded(CircleKit.all_staff_circle)
    staff = _offloaded(CircleKit.staff)
    link_group = _offloaded(CircleKit.link_group)
    unlink_group = _offloaded(CircleKit.unlink_group)

    # Posts
    publish_post = _offloaded(CircleKit.publish_post)
    edit_post = _offloaded(CircleKit.edit_post)
    remove_post = _offloaded(CircleKit.remove_post)
    add_comment = _offloaded(CircleKit.add_comment)
    remove_comment = _offloaded(CircleKit.remove_comment)
    react = _offloaded(CircleKit.react)
    withdraw_reaction = _offloaded(CircleKit.withdraw_reaction)
    pin_post = _offloaded(CircleKit.pin_post)
    unpin_post = _offloaded(CircleKit.unpin_post)
    send_must_see = _offloaded(CircleKit.send_must_see)
    promote_to_must_see = _offloaded(CircleKit.promote_to_must_see)
    acknowledge = _offloaded(CircleKit.acknowledge)
    mark_read = _offloaded(CircleKit.mark_read)

    # Groups
    join_group = _offloaded(CircleKit.join_group)
    leave_group = _offloaded(CircleKit.leave_group)
    remove_from_group = _offloaded(CircleKit.remove_from_group)
    send_message = _offloaded(CircleKit.send_message)
    react_to_message = _offloaded(CircleKit.react_to_message)
    set_announcement = _offloaded(CircleKit.set_announcement)
    mute_group = _offloaded(CircleKit.mute_group)
    unmute_group = _offloaded(CircleKit.unmute_group)
    block_private_chat = _offloaded(CircleKit.block_private_chat)
    allow_private_chat = _offloaded(CircleKit.allow_private_chat)
    open_private_chat = _offloaded(CircleKit.open_private_chat)
    send_friend_request = _offloaded(CircleKit.send_friend_request)
    set_group_topics = _offloaded(CircleKit.set_group_topics)
    set_slow_mode = _offloaded(CircleKit.set_slow_mode)
    lift_slow_mode = _offloaded(CircleKit.lift_slow_mode)
    set_announcements_only = _offloaded(CircleKit.set_announcements_only)
    lift_announcements_only = _offloaded(CircleKit.lift_announcements_only)
    redirect_thread = _offloaded(CircleKit.redirect_thread)
    manage_groups = _offloaded(CircleKit.manage_groups)
    groups = _offloaded(CircleKit.groups)
    reach = _offloaded(CircleKit.reach)

    # Relay of comments
    set_comment_relay = _offloaded(CircleKit.set_comment_relay)
    set_organisation_comment_relay = _offloaded(
        CircleKit.set_organisation_comment_relay
    )
    choose_comment_relay = _offloaded(CircleKit.choose_comment_relay)
    explain_setting = _offloaded(CircleKit.explain_setting)
    send_due_digests = _offloaded(CircleKit.send_due_digests)

    # Duties
    remind_reader = _offloaded(CircleKit.remind_reader)
    remind = _offloaded(CircleKit.remind)
    assign_todo = _offloaded(CircleKit.assign_todo)
    complete_todo = _offloaded(CircleKit.complete_todo)
    reopen_todo = _offloaded(CircleKit.reopen_todo)
    reassign_todo = _offloaded(CircleKit.reassign_todo)
    move_todo_due = _offloaded(CircleKit.move_todo_due)
    cancel_todo = _offloaded(CircleKit.cancel_todo)
    start_approval = _offloaded(CircleKit.start_approval)
    decide_approval = _offloaded(CircleKit.decide_approval)
    delegate_approval = _offloaded(CircleKit.delegate_approval)
    withdraw_approval = _offloaded(CircleKit.withdraw_approval)
    expire_approval = _offloaded(CircleKit.expire_approval)
    expire_approvals = _offloaded(CircleKit.expire_approvals)

    # Customers
    add_customer = _offloaded(CircleKit.add_customer)
    complete_profile = _offloaded(CircleKit.complete_profile)
    tag_customer = _offloaded(CircleKit.tag_customer)
    untag_customer = _offloaded(CircleKit.untag_customer)
    assign_customer = _offloaded(CircleKit.assign_customer)
    friendship_begun = _offloaded(CircleKit.friendship_begun)
    friendship_ended = _offloaded(CircleKit.friendship_ended)
    show_moment = _offloaded(CircleKit.show_moment)
    preview_moment = _offloaded(CircleKit.preview_moment)
    publish_moment = _offloaded(CircleKit.publish_moment)

    # Homework
    assign_homework = _offloaded(CircleKit.assign_homework)
    move_homework_due = _offloaded(CircleKit.move_homework_due)
    cancel_homework = _offloaded(CircleKit.cancel_homework)
    submit_homework = _offloaded(CircleKit.submit_homework)
    withdraw_homework = _offloaded(CircleKit.withdraw_homework)
    grade_homework = _offloaded(CircleKit.grade_homework)
    grade_with = _offloaded(CircleKit.grade_with)
    return_homework = _offloaded(CircleKit.return_homework)
    comment_on_homework = _offloaded(CircleKit.comment_on_homework)
    homework = _offloaded(CircleKit.homework)
    submissions = _offloaded(CircleKit.submissions)
    homework_to_do = _offloaded(CircleKit.homework_to_do)
    homework_to_grade = _offloaded(CircleKit.homework_to_grade)
    homework_report = _offloaded(CircleKit.homework_report)

    # Guardians
    name_guardian = _offloaded(CircleKit.name_guardian)
    dismiss_guardian = _offloaded(CircleKit.dismiss_guardian)
    send_guardian_digest = _offloaded(CircleKit.send_guardian_digest)
    send_guardian_digests = _offloaded(CircleKit.send_guardian_digests)
    guardian_digest = _offloaded(CircleKit.guardian_digest)
    guardians = _offloaded(CircleKit.guardians)
    children = _offloaded(CircleKit.children)
    # Topics
    make_topic = _offloaded(CircleKit.make_topic)
    rename_topic = _offloaded(CircleKit.rename_topic)
    close_topic = _offloaded(CircleKit.close_topic)
    reopen_topic = _offloaded(CircleKit.reopen_topic)
    check_in = _offloaded(CircleKit.check_in)
    make_up_check_in = _offloaded(CircleKit.make_up_check_in)
    remove_check_in = _offloaded(CircleKit.remove_check_in)
    topics = _offloaded(CircleKit.topics)
    check_ins = _offloaded(CircleKit.check_ins)
    streak = _offloaded(CircleKit.streak)
    leaderboard = _offloaded(CircleKit.leaderboard)

    # Discovery
    set_industries = _offloaded(CircleKit.set_industries)
    find_circles = _offloaded(CircleKit.find_circles)
    joins_by_channel = _offloaded(CircleKit.joins_by_channel)

    # Members
    attach_identity = _offloaded(CircleKit.attach_identity)
    detach_identity = _offloaded(CircleKit.detach_identity)
    member_of = _offloaded(CircleKit.member_of)
    identities = _offloaded(CircleKit.identities)
    activity = _offloaded(CircleKit.activity)
    # Schedules
    schedule_post = _offloaded(CircleKit.schedule_post)
    schedule_must_see = _offloaded(CircleKit.schedule_must_see)
    move_scheduled = _offloaded(CircleKit.move_scheduled)
    cancel_scheduled = _offloaded(CircleKit.cancel_scheduled)
    release_due = _offloaded(CircleKit.release_due)
    scheduled = _offloaded(CircleKit.scheduled)

    # Attention
    set_quiet_hours = _offloaded(CircleKit.set_quiet_hours)
    set_attention_budget = _offloaded(CircleKit.set_attention_budget)
    mute_circle = _offloaded(CircleKit.mute_circle)
    label_circle = _offloaded(CircleKit.label_circle)
    push = _offloaded(CircleKit.push)
    release_held = _offloaded(CircleKit.release_held)
    push_figures = _offloaded(CircleKit.push_figures)
    interruptions = _offloaded(CircleKit.interruptions)

    # Lives
    schedule_live = _offloaded(CircleKit.schedule_live)
    start_live = _offloaded(CircleKit.start_live)
    cancel_live = _offloaded(CircleKit.cancel_live)
    end_live = _offloaded(CircleKit.end_live)
    join_live = _offloaded(CircleKit.join_live)
    leave_live = _offloaded(CircleKit.leave_live)
    like_live = _offloaded(CircleKit.like_live)
    publish_replay = _offloaded(CircleKit.publish_replay)
    attest_minor = _offloaded(CircleKit.attest_minor)
    live = _offloaded(CircleKit.live)
    lives = _offloaded(CircleKit.lives)
    live_minutes = _offloaded(CircleKit.live_minutes)

    # Mass sends
    contact_customer = _offloaded(CircleKit.contact_customer)
    preview_mass_send = _offloaded(CircleKit.preview_mass_send)
    cancel_mass_send = _offloaded(CircleKit.cancel_mass_send)
    create_mass_send = _offloaded(CircleKit.create_mass_send)
    confirm_mass_send = _offloaded(CircleKit.confirm_mass_send)
    remind_mass_send = _offloaded(CircleKit.remind_mass_send)
    mass_send = _offloaded(CircleKit.mass_send)

    # Reading
    feed = _offloaded(CircleKit.feed)
    inbox = _offloaded(CircleKit.inbox)
    todo = _offloaded(CircleKit.todo)
    todos = _offloaded(CircleKit.todos)
    approval = _offloaded(CircleKit.approval)
    approvals = _offloaded(CircleKit.approvals)
    comments = _offloaded(CircleKit.comments)
    circles = _offloaded(CircleKit.circles)
    acknowledgements = _offloaded(CircleKit.acknowledgements)
    group_timeline = _offloaded(CircleKit.group_timeline)
    quota = _offloaded(CircleKit.quota)
    audit_must_sees = _offloaded(CircleKit.audit_must_sees)
    history = _walked(CircleKit.history)
    became_of = _offloaded(CircleKit.became_of)
    newest_position = _offloaded(CircleKit.newest_position)
    verify = _offloaded(CircleKit.verify)
    back_up = _offloaded(CircleKit.back_up)
    read_models = _offloaded(CircleKit.read_models)
    read_ahead = _offloaded(CircleKit.read_ahead)
    rebuild_read_models = _offloaded(CircleKit.rebuild_read_models)

    # Archiving
    export = _offloaded(CircleKit.export)
    import_export = _offloaded(CircleKit.import_export)

    # Following
    catch_up = _offloaded(CircleKit.catch_up)
    followers = _offloaded(CircleKit.followers)
    forget_follower = _offloaded(CircleKit.forget_follower)
    parked = _offloaded(CircleKit.parked)
    retry_parked = _offloaded(CircleKit.retry_parked)

    # Either
    would_allow = _offloaded(CircleKit.would_allow)
    available_actions = _offloaded(CircleKit.available_actions)


def _nothing() -> None:
    pass
