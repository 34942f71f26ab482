"""
What can be done about duties, what is refused, and what is no input.

To-dos, approvals and reminders, for the tests that try every command.
"""

from datetime import date, datetime, timedelta

from circlekit.events import approval as a
from circlekit.events import reader as r
from circlekit.events import todo as d
from tests.application.town import MARCH_1

AT = MARCH_1
HOUR = MARCH_1 + timedelta(hours=1)
TOMORROW = MARCH_1 + timedelta(days=1)
NAIVE = datetime(2020, 3, 2, 12)  # noqa: DTZ001
BELL, LINE, LONG_TEXT = "ding\x07", "two\nlines", "x" * 20_001
FORM = (
    a.FormField("Rent", "number"),
    a.FormField("Floor", "choice", choices=("ground", "first")),
    a.FormField("From", "date"),
    a.FormField("Notes", "text", required=False),
)
ANSWERS = {"Rent": 1200.5, "Floor": "first", "From": date(2020, 4, 1)}
STEPS = [("ada", "acme"), ("cy", "bolt")]


def _call(*args, **kwargs):
    return args, kwargs


def _both(*acts):
    def before(town):
        for act in acts:
            act(town)

    return before


def _after(command, *args, **kwargs):
    return lambda town: town.do(command, *args, **kwargs)


def chairs(town):
    town.kit.assign_todo(
        "club",
        by="lin",
        title="Bring chairs",
        to=["tao", "ben"],
        due_at=TOMORROW,
        todo="chairs",
    )


def own(town):
    town.kit.assign_todo("club", by="tao", title="Read Emma", todo="emma")


def staff(town):
    for member, firm in (
        ("ada", "acme"),
        ("bo", "acme"),
        ("cy", "bolt"),
        ("dee", None),
    ):
        town.kit.join_circle("club", member, staff_of=firm)


def lease(town, **changes):
    staff(town)
    asked = {"by": "tao", "title": "Lease", "steps": STEPS, "approval": "lease"}
    town.kit.start_approval("club", **(asked | {"due_at": TOMORROW} | changes))


def parallel(town):
    lease(town, parallel=True)


def hurry_is_over(town):
    town.clock.now = TOMORROW


def _lease(**changes):
    asked = {"by": "tao", "title": "Lease", "steps": STEPS, "approval": "lease"}
    return lambda t: _call("club", **(asked | changes))


done_by_tao = _after("complete_todo", "chairs", by="tao")
done_by_ben = _after("complete_todo", "chairs", by="ben")
called_off = _after("cancel_todo", "chairs", by="lin")
tao_left = _after("leave_circle", "club", "tao")
lin_left = _after("leave_circle", "club", "lin")
ada_says_yes = _after("decide_approval", "lease", by="ada", approve=True)
ada_says_no = _after("decide_approval", "lease", by="ada", approve=False)
withdrawn = _after("withdraw_approval", "lease", by="tao")


def _reminded(times, every):
    def before(town):
        for _ in range(times):
            town.kit.remind_reader(town.must_see, "tao", by="mei")
            town.clock.forward(seconds=every)

    return before


def _version(id_):
    return int(str(id_).rpartition("/")[2])


# Of each command: what it is given, what it answers, what it records, and what has
# to happen before.
DONE = {
    "assign_todo": [
        (
            lambda t: _call("club", by="tao", title="Read Emma", todo="emma"),
            lambda t: "emma",
            lambda t: [
                (
                    "todo/emma",
                    d.TodoAssigned(
                        circle="club", title="Read Emma", to=("tao",), by="tao", at=AT
                    ),
                )
            ],
        ),
        (
            lambda t: _call(
                "club",
                by="lin",
                title="Bring chairs",
                to=["tao", "ben", "tao"],
                due_at=TOMORROW,
                todo="chairs",
            ),
            lambda t: "chairs",
            lambda t: [
                (
                    "todo/chairs",
                    d.TodoAssigned(
                        circle="club",
                        title="Bring chairs",
                        to=("tao", "ben"),
                        due_at=TOMORROW,
                        by="lin",
                        at=AT,
                    ),
                )
            ],
        ),
    ],
    "complete_todo": [
        (
            lambda t: _call("chairs", by="ben"),
            None,
            lambda t: [("todo/chairs", d.TodoDone(by="ben", at=AT))],
            chairs,
        ),
        (  # late is done as well
            lambda t: _call("chairs", by="ben"),
            None,
            lambda t: [("todo/chairs", d.TodoDone(by="ben", at=TOMORROW))],
            _both(chairs, hurry_is_over),
        ),
    ],
    "reopen_todo": [
        (
            lambda t: _call("chairs", by="tao"),
            None,
            lambda t: [("todo/chairs", d.TodoReopened(member="tao", by="tao", at=AT))],
            _both(chairs, done_by_tao),
        ),
        (
            lambda t: _call("chairs", "tao", by="mei"),
            None,
            lambda t: [("todo/chairs", d.TodoReopened(member="tao", by="mei", at=AT))],
            _both(chairs, done_by_tao),
        ),
    ],
    "reassign_todo": [
        (
            lambda t: _call("chairs", "tao", "wu", by="mei"),
            None,
            lambda t: [
                (
                    "todo/chairs",
                    d.TodoReassigned(member="tao", to="wu", by="mei", at=AT),
                )
            ],
            _both(chairs, tao_left),
        )
    ],
    "move_todo_due": [
        (
            lambda t: _call("emma", TOMORROW, by="tao"),
            None,
            lambda t: [("todo/emma", d.TodoDueMoved(due_at=TOMORROW, by="tao", at=AT))],
            own,
        ),
        (
            lambda t: _call("chairs", None, by="wu"),
            None,
            lambda t: [("todo/chairs", d.TodoDueMoved(due_at=None, by="wu", at=AT))],
            chairs,
        ),
    ],
    "cancel_todo": [
        (
            lambda t: _call("chairs", by="lin"),
            None,
            lambda t: [("todo/chairs", d.TodoCancelled(by="lin", at=AT))],
            _both(chairs, done_by_tao),
        )
    ],
    "start_approval": [
        (
            lambda t: _call(
                "club",
                by="tao",
                title="Lease",
                steps=STEPS,
                form=FORM,
                answers=ANSWERS,
                due_at=TOMORROW,
                approval="lease",
            ),
            lambda t: "lease",
            lambda t: [
                (
                    "approval/lease",
                    a.ApprovalStarted(
                        circle="club",
                        title="Lease",
                        form=FORM,
                        answers={
                            "Rent": 1200.5,
                            "Floor": "first",
                            "From": "2020-04-01",
                        },
                        steps=(
                            a.ApprovalStep("ada", "acme"),
                            a.ApprovalStep("cy", "bolt"),
                        ),
                        parallel=False,
                        due_at=TOMORROW,
                        by="tao",
                        at=AT,
                    ),
                )
            ],
            staff,
        )
    ],
    "decide_approval": [
        (
            lambda t: _call("lease", by="ada", approve=True, comment="Gladly"),
            None,
            lambda t: [
                (
                    "approval/lease",
                    a.ApprovalStepDecided(
                        step=0, approved=True, comment="Gladly", by="ada", at=AT
                    ),
                )
            ],
            lease,
        ),
        (
            lambda t: _call("lease", by="cy", approve=True),
            None,
            lambda t: [
                (
                    "approval/lease",
                    a.ApprovalStepDecided(step=1, approved=True, by="cy", at=AT),
                ),
                ("approval/lease", a.ApprovalClosed(outcome="approved", at=AT)),
            ],
            _both(lease, ada_says_yes),
        ),
        (
            lambda t: _call("lease", by="cy", approve=False),
            None,
            lambda t: [
                (
                    "approval/lease",
                    a.ApprovalStepDecided(step=1, approved=False, by="cy", at=AT),
                ),
                ("approval/lease", a.ApprovalClosed(outcome="rejected", at=AT)),
            ],
            parallel,
        ),
    ],
    "delegate_approval": [
        (
            lambda t: _call("lease", "bo", by="ada"),
            None,
            lambda t: [
                (
                    "approval/lease",
                    a.ApprovalDelegated(step=0, to="bo", by="ada", at=AT),
                )
            ],
            lease,
        )
    ],
    "withdraw_approval": [
        (
            lambda t: _call("lease", by="tao"),
            None,
            lambda t: [
                ("approval/lease", a.ApprovalWithdrawn(by="tao", at=AT)),
                ("approval/lease", a.ApprovalClosed(outcome="withdrawn", at=AT)),
            ],
            _both(lease, ada_says_yes),
        )
    ],
    "expire_approval": [
        (
            lambda t: _call("lease", by="worker"),
            None,
            lambda t: [
                ("approval/lease", a.ApprovalExpired(at=TOMORROW)),
                ("approval/lease", a.ApprovalClosed(outcome="expired", at=TOMORROW)),
            ],
            _both(lease, hurry_is_over),
        )
    ],
    "remind_reader": [
        (
            lambda t: _call(t.must_see, "tao", by="wu"),
            None,
            lambda t: [
                (
                    "reader/tao",
                    r.MustSeeReminded(
                        circle="club", post=_version(t.must_see), by="wu", at=AT
                    ),
                )
            ],
        )
    ],
}

REFUSED = {
    "assign_todo": [
        ("not-a-member", lambda t: _call("club", by="stranger", title="x")),
        ("not-a-manager", lambda t: _call("club", by="tao", title="x", to=["ben"])),
        ("not-a-member", lambda t: _call("club", by="mei", title="x", to=["eve"])),
        (
            "not-a-manager not-a-member",
            lambda t: _call("club", by="tao", title="x", to=["tao", "eve"]),
        ),
        (
            "already-given",
            lambda t: _call("club", by="tao", title="x", todo="chairs"),
            chairs,
        ),
        ("due-has-passed", lambda t: _call("club", by="tao", title="x", due_at=AT)),
    ],
    "complete_todo": [
        ("not-a-member", lambda t: _call("chairs", by="tao"), _both(chairs, tao_left)),
        ("not-assigned", lambda t: _call("chairs", by="wu"), chairs),
        (
            "already-done",
            lambda t: _call("chairs", by="tao"),
            _both(chairs, done_by_tao),
        ),
        (
            "to-do-cancelled",
            lambda t: _call("chairs", by="tao"),
            _both(chairs, called_off),
        ),
    ],
    "reopen_todo": [
        (
            "not-a-member",
            lambda t: _call("chairs", by="tao"),
            _both(chairs, done_by_tao, tao_left),
        ),
        (
            "not-a-manager",
            lambda t: _call("chairs", "tao", by="ben"),
            _both(chairs, done_by_tao),
        ),
        ("not-assigned", lambda t: _call("chairs", "wu", by="mei"), chairs),
        ("not-done", lambda t: _call("chairs", by="tao"), chairs),
        (
            "to-do-cancelled",
            lambda t: _call("chairs", by="tao"),
            _both(chairs, done_by_tao, called_off),
        ),
    ],
    "reassign_todo": [
        ("not-a-manager", lambda t: _call("chairs", "tao", "wu", by="tao"), chairs),
        ("not-a-member", lambda t: _call("chairs", "tao", "eve", by="mei"), chairs),
        ("not-assigned", lambda t: _call("chairs", "wu", "mei", by="mei"), chairs),
        ("already-assigned", lambda t: _call("chairs", "tao", "ben", by="mei"), chairs),
        (
            "already-done",
            lambda t: _call("chairs", "tao", "wu", by="mei"),
            _both(chairs, done_by_tao),
        ),
        (
            "to-do-cancelled",
            lambda t: _call("chairs", "tao", "wu", by="mei"),
            _both(chairs, called_off),
        ),
    ],
    "move_todo_due": [
        (
            "not-a-member",
            lambda t: _call("chairs", None, by="lin"),
            _both(chairs, lin_left),
        ),
        ("not-a-manager", lambda t: _call("chairs", None, by="tao"), chairs),
        (
            "already-done",
            lambda t: _call("chairs", None, by="lin"),
            _both(chairs, done_by_tao, done_by_ben),
        ),
        ("already-so", lambda t: _call("chairs", TOMORROW, by="lin"), chairs),
        ("due-has-passed", lambda t: _call("chairs", AT, by="lin"), chairs),
        (
            "to-do-cancelled",
            lambda t: _call("chairs", None, by="lin"),
            _both(chairs, called_off),
        ),
    ],
    "cancel_todo": [
        ("not-a-member", lambda t: _call("chairs", by="lin"), _both(chairs, lin_left)),
        ("not-a-manager", lambda t: _call("chairs", by="tao"), chairs),
        (
            "already-done",
            lambda t: _call("chairs", by="lin"),
            _both(chairs, done_by_tao, done_by_ben),
        ),
        (
            "to-do-cancelled",
            lambda t: _call("chairs", by="lin"),
            _both(chairs, called_off),
        ),
    ],
    "start_approval": [
        ("not-a-member", _lease(by="stranger"), staff),
        (
            "not-a-member other-organisation",
            _lease(steps=[*STEPS, ("eve", "acme")]),
            staff,
        ),
        ("other-organisation", _lease(steps=[("ada", "bolt")]), staff),
        ("other-organisation", _lease(steps=[("dee", "acme")]), staff),
        ("already-asked", _lease(steps=[*STEPS, ("ada", "acme")]), staff),
        ("already-started", _lease(), lease),
        ("due-has-passed", _lease(due_at=AT), staff),
    ],
    "decide_approval": [
        (
            "not-a-member other-organisation",
            lambda t: _call("lease", by="ada", approve=True),
            _both(lease, _after("leave_circle", "club", "ada")),
        ),
        ("not-your-step", lambda t: _call("lease", by="bo", approve=True), lease),
        ("step-not-open", lambda t: _call("lease", by="cy", approve=True), lease),
        (
            "already-decided",
            lambda t: _call("lease", by="ada", approve=True),
            _both(lease, ada_says_yes),
        ),
        (
            "other-organisation",
            lambda t: _call("lease", by="ada", approve=True),
            _both(
                lease,
                _after("leave_circle", "club", "ada"),
                _after("join_circle", "club", "ada", staff_of="bolt"),
            ),
        ),
        (
            "approval-closed",
            lambda t: _call("lease", by="cy", approve=True),
            _both(parallel, ada_says_no),
        ),
        (
            "approval-expired",
            lambda t: _call("lease", by="ada", approve=True),
            _both(lease, hurry_is_over),
        ),
    ],
    "delegate_approval": [
        (
            "not-a-member other-organisation",
            lambda t: _call("lease", "eve", by="ada"),
            lease,
        ),
        ("not-your-step", lambda t: _call("lease", "wu", by="bo"), parallel),
        (
            "already-decided",
            lambda t: _call("lease", "bo", by="ada"),
            _both(lease, ada_says_yes),
        ),
        ("already-asked", lambda t: _call("lease", "ada", by="ada"), lease),
        (
            "already-asked other-organisation",
            lambda t: _call("lease", "cy", by="ada"),
            lease,
        ),
        ("other-organisation", lambda t: _call("lease", "dee", by="ada"), lease),
        (
            "approval-closed",
            lambda t: _call("lease", "bo", by="ada"),
            _both(lease, withdrawn),
        ),
        (
            "approval-expired",
            lambda t: _call("lease", "bo", by="ada"),
            _both(lease, hurry_is_over),
        ),
    ],
    "withdraw_approval": [
        ("not-a-member", lambda t: _call("lease", by="tao"), _both(lease, tao_left)),
        ("not-the-starter", lambda t: _call("lease", by="mei"), lease),
        (
            "approval-closed",
            lambda t: _call("lease", by="tao"),
            _both(lease, withdrawn),
        ),
        (
            "approval-expired",
            lambda t: _call("lease", by="tao"),
            _both(lease, hurry_is_over),
        ),
    ],
    "expire_approval": [
        ("not-expired", lambda t: _call("lease", by="worker"), lease),
        (
            "approval-closed",
            lambda t: _call("lease", by="worker"),
            _both(lease, ada_says_no, hurry_is_over),
        ),
    ],
    "remind_reader": [
        ("not-a-manager", lambda t: _call(t.must_see, "tao", by="ben")),
        ("not-a-member", lambda t: _call(t.must_see, "eve", by="mei")),
        ("not-a-must-see", lambda t: _call(t.post, "tao", by="mei")),
        (
            "post-removed",
            lambda t: _call(t.must_see, "tao", by="mei"),
            lambda t: t.kit.remove_post(t.must_see, by="mei"),
        ),
        (
            "already-acknowledged",
            lambda t: _call(t.must_see, "tao", by="mei"),
            lambda t: t.kit.acknowledge(t.must_see, by="tao"),
        ),
        (
            "must-see-reminder-spacing",
            lambda t: _call(t.must_see, "tao", by="mei"),
            _reminded(1, 299),
        ),
        (
            "must-see-reminder-day",
            lambda t: _call(t.must_see, "tao", by="mei"),
            _reminded(3, 300),
        ),
    ],
}

# Of each command: the field that is bad, and what it is given.
BAD = {
    "assign_todo": [
        ("title", lambda t: _call("club", by="tao", title="")),
        ("title", lambda t: _call("club", by="tao", title=LINE)),
        ("title", lambda t: _call("club", by="tao", title=None)),
        ("to", lambda t: _call("club", by="mei", title="x", to="tao")),
        ("to", lambda t: _call("club", by="mei", title="x", to=[])),
        (
            "to",
            lambda t: _call("club", by="mei", title="x", to=map(str, range(1_001))),
        ),
        ("to[1]", lambda t: _call("club", by="mei", title="x", to=["tao", ""])),
        ("due_at", lambda t: _call("club", by="tao", title="x", due_at=NAIVE)),
        ("due_at", lambda t: _call("club", by="tao", title="x", due_at="soon")),
        ("todo", lambda t: _call("club", by="tao", title="x", todo="")),
        ("by", lambda t: _call("club", by="", title="x", to=["tao"])),
        ("circle", lambda t: _call("", by="tao", title="x")),
    ],
    "complete_todo": [("todo", lambda t: _call(LINE, by="tao"))],
    "reopen_todo": [("member", lambda t: _call("chairs", "", by="tao"))],
    "reassign_todo": [
        ("member", lambda t: _call("chairs", BELL, "ben", by="mei")),
        ("to", lambda t: _call("chairs", "tao", None, by="mei")),
    ],
    "move_todo_due": [("due_at", lambda t: _call("chairs", NAIVE, by="mei"))],
    "cancel_todo": [("todo", lambda t: _call("", by="mei"))],
    "start_approval": [
        ("title", _lease(title=" ")),
        ("steps", _lease(steps=[])),
        ("steps", _lease(steps="ada")),
        ("steps", _lease(steps=STEPS * 26)),
        ("steps[1]", _lease(steps=[STEPS[0], "cy"])),
        ("steps[0]", _lease(steps=[("ada", "")])),
        ("steps[0]", _lease(steps=[a.ApprovalStep(BELL, "acme")])),
        ("form", _lease(form="Rent")),
        ("form", _lease(form=["Rent"])),
        ("form", _lease(form=[a.FormField(f"{it}", "text") for it in range(51)])),
        ("form[1]", _lease(form=[FORM[0], FORM[0]])),
        ("form[0]", _lease(form=[a.FormField(LINE, "text")])),
        ("form[0]", _lease(form=[a.FormField("x", "text", required="no")])),
        ("form[0]", _lease(form=[a.FormField("x", "text", required=None)])),
        ("form[0]", _lease(form=[a.FormField("x", "choice", choices=("a", BELL))])),
        (
            "form[0]",
            _lease(
                form=[a.FormField("x", "choice", choices=tuple(map(str, range(51))))]
            ),
        ),
        ("answers", _lease(answers=["Rent"])),
        ("answers", _lease(answers={"Rent": 7})),
        ("answers", _lease(form=FORM, answers=ANSWERS | {"Size": 7})),
        ("answers[Rent]", _lease(form=FORM)),
        ("answers[Rent]", _lease(form=FORM, answers=ANSWERS | {"Rent": "much"})),
        ("answers[Rent]", _lease(form=FORM, answers=ANSWERS | {"Rent": True})),
        ("answers[Rent]", _lease(form=FORM, answers=ANSWERS | {"Rent": float("nan")})),
        ("answers[Rent]", _lease(form=FORM, answers=ANSWERS | {"Rent": 2**64})),
        ("answers[Rent]", _lease(form=FORM, answers=ANSWERS | {"Rent": 10**5_000})),
        ("answers[Floor]", _lease(form=FORM, answers=ANSWERS | {"Floor": "attic"})),
        ("answers[Floor]", _lease(form=FORM, answers=ANSWERS | {"Floor": []})),
        ("answers[From]", _lease(form=FORM, answers=ANSWERS | {"From": "April"})),
        ("answers[From]", _lease(form=FORM, answers=ANSWERS | {"From": AT})),
        ("answers[Notes]", _lease(form=FORM, answers=ANSWERS | {"Notes": BELL})),
        ("answers[Notes]", _lease(form=FORM, answers=ANSWERS | {"Notes": LONG_TEXT})),
        ("parallel", _lease(parallel="yes")),
        ("due_at", _lease(due_at=NAIVE)),
        ("approval", _lease(approval=LINE)),
    ],
    "decide_approval": [
        ("approve", lambda t: _call("lease", by="ada", approve="yes")),
        ("comment", lambda t: _call("lease", by="ada", approve=True, comment="")),
        ("approval", lambda t: _call("", by="ada", approve=True)),
    ],
    "delegate_approval": [("to", lambda t: _call("lease", "", by="ada"))],
    "withdraw_approval": [("approval", lambda t: _call(BELL, by="tao"))],
    "expire_approval": [("by", lambda t: _call("lease", by=""))],
    "remind_reader": [
        ("must_see", lambda t: _call("club", "tao", by="mei")),
        ("reader", lambda t: _call(t.must_see, "", by="mei")),
    ],
}
BAD_QUESTIONS = {
    "remind": [
        ("must_see", lambda t: _call("club", by="mei")),
        ("readers", lambda t: _call(t.must_see, by="mei", readers="tao")),
        ("reader", lambda t: _call(t.must_see, by="mei", readers=["tao", ""])),
        ("command_id", lambda t: _call(t.must_see, by="mei", command_id="")),
        ("by", lambda t: _call(t.must_see, by="")),
    ],
    "expire_approvals": [("by", lambda t: _call(by=""))],
    "inbox": [
        ("member", lambda t: _call("")),
        ("circle", lambda t: _call("tao", circle=LINE)),
        ("kinds", lambda t: _call("tao", kinds="to-do")),
        ("kinds", lambda t: _call("tao", kinds=["to-do", "chore"])),
        ("limit", lambda t: _call("tao", limit=0)),
        ("limit", lambda t: _call("tao", limit=201)),
        ("after", lambda t: _call("tao", after="")),
        ("after", lambda t: _call("tao", after="1.2.3")),
        ("after", lambda t: _call("tao", after="1.two")),
        ("after", lambda t: _call("tao", after=17)),
        ("after", lambda t: _call("tao", after=f"{10**30}.1")),
    ],
    "todo": [("todo", lambda t: _call(""))],
    "todos": [
        ("member", lambda t: _call("")),
        ("side", lambda t: _call("tao", side="both")),
        ("open_only", lambda t: _call("tao", open_only=1)),
        ("circle", lambda t: _call("tao", circle="")),
        ("limit", lambda t: _call("tao", limit=0)),
        ("after", lambda t: _call("tao", after="x")),
    ],
    "approval": [("approval", lambda t: _call(""))],
    "approvals": [
        ("circle", lambda t: _call("")),
        ("state", lambda t: _call("club", state="late")),
        ("limit", lambda t: _call("club", limit=0)),
        ("after", lambda t: _call("club", after="x")),
    ],
}
UNKNOWN = [
    ("assign_todo", "circle", "x", lambda t: _call("x", by="mei", title="x")),
    ("complete_todo", "todo", "x", lambda t: _call("x", by="mei")),
    (
        "start_approval",
        "circle",
        "x",
        lambda t: _call("x", by="tao", title="x", steps=STEPS),
    ),
    ("decide_approval", "approval", "x", lambda t: _call("x", by="m", approve=True)),
    ("remind_reader", "circle", "x", lambda t: _call("x/1", "tao", by="mei")),
]
UNKNOWN_QUESTIONS = [
    ("inbox", "circle", lambda t: _call("tao", circle="x")),
    ("todo", "todo", lambda t: _call("x")),
    ("todos", "circle", lambda t: _call("tao", circle="x")),
    ("approval", "approval", lambda t: _call("x")),
    ("approvals", "circle", lambda t: _call("x")),
    ("remind", "circle", lambda t: _call("x/1", by="mei")),
]
