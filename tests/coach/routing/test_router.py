"""Questions as plans."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from routes import TODAY, VOCABULARY, Distant, planned, where

from coach.routing import PhraseBook, route


def told(question: str, book: PhraseBook, *before: str) -> str:
    """Kind, measure and subject, then what else the plan holds, shortly."""
    plan = planned(question, book, *before)
    count = plan.count
    parts = [plan.kind]
    if count is not None:
        parts.append(f"{count.measure}/{count.subject}" if count.subject else count.measure)
        parts += [f"by {count.group_by}"] if count.group_by else []
        if count.compare == "previous":
            parts.append("previous")
        elif count.compare is not None:
            parts.append(" | ".join(",".join(str(each) for each in side) for side in count.compare))
    return "; ".join((*parts, *where(plan)))


@pytest.mark.parametrize(
    ("question", "plan"),
    [
        ("How many contacts did we have?", "count; contacts"),
        ("How many different customers contacted us?", "count; customers"),
        ("repeat contact rate by product", "count; repeat; by product"),
        ("Which agent asks the most open questions?", "count; open; by agent"),
        ("How many questions do agents ask per call?", "count; questions"),
        ("What share of questions is about the impact?", "count; function/impact"),
        ("In how many contacts was the impact asked?", "count; asked/impact"),
        ("FCR per queue", "count; outcome/resolved; by queue"),
        ("churn rate of seniors", "count; outcome/churned; segment=senior"),
        ("Is satisfaction improving?", "count; csat; by month"),
        ("AHT by weekday", "count; handle_time; by weekday"),
        ("who talks too much?", "count; measure/talk_share; by agent"),
        ("mean discovery score", "count; rubric/discovery"),
        ("How often do customers say they want to leave?", "count; cue/leaving"),
        ("Why do customers leave?", "both; reasons; cue=leaving"),
        ("Show me calls in which an agent apologised", "both; cue/apology"),
        ("What impact do outages have on customers?", "both; cue/impact_stated"),
        ("Do seniors leave more than families?", "count; cue/leaving; segment=senior | segment=family"),
        ("csat of Ada against everybody else", "count; csat; agent=Ada Byrne | agent!=Ada Byrne"),
        ("Is csat higher when the impact is asked?", "count; csat; question=impact | question!=impact"),
        ("Has churn gone up since last month?", "count; outcome/churned; previous"),
        ("Rank the agents by csat", "count; csat; by agent"),
        ("How often is the impact asked when customers are confused?", "count; asked/impact; cue=confusion"),
        ("What do customers say about the paper bill?", "search"),
        ("How many customers mention the router?", "search"),
        ("How many came in yesterday, hour by hour?", "count; contacts; by hour"),
        ("How much traffic did we get in July?", "count; contacts"),
        ("Which of the River agents apologise most?", "count; cue/apology; by agent; team=River"),
        ("Who mentions the app?", "search"),
        ("call 1042: does the agent apologise?", "count; cue/apology; call=1042"),
        ("How many different customers threatened to leave?", "count; customers; cue=leaving"),
        ("Reasons for leaving, just the figures", "count; reasons; cue=leaving"),
        ("csat where the agent shows empathy vs where not", "count; csat; cue=empathy | cue!=empathy"),
        ("csat in which the impact was not asked", "count; csat; question!=impact"),
        ("contacts with something sold where the upload speed was talked about", "search; sold=true"),
        ("What share of questions is procedural in chats?", "count; function/procedural; medium=chat"),
        ("fcr in July: broadband or TV box?", "count; outcome/resolved; product=broadband | product=TV box"),
        ("Does empathy go with higher csat?", "count; csat; cue=empathy | cue!=empathy"),
        ("Is csat lower in calls with holds?", "count; csat; cue=hold | cue!=hold"),
        ("Is the resolution rate up on last month?", "count; outcome/resolved; previous"),
        ("Do families hear an offer to put things right?", "count; cue/remedy; segment=family"),
    ],
)
def test_questions_get_their_plan(question: str, plan: str, book: PhraseBook) -> None:
    assert told(question, book) == plan


def test_this_month_stands_in_for_what_is_set_against_the_last(book: PhraseBook) -> None:
    period = planned("Has churn gone up since last month?", book).period
    assert (str(period.since), str(period.until)) == ("2026-08-01", "2026-08-31")


@pytest.mark.parametrize(
    ("before", "question", "plan"),
    [
        ("csat of families in July", "and for seniors?", "count; csat; segment=senior"),
        ("csat of families in July", "by team?", "count; csat; by team; segment=family"),
        ("csat of families in July", "What about churn?", "count; outcome/churned; segment=family"),
        ("csat of families in July", "was that better than the month before?", "count; csat; previous; segment=family"),
        ("Why do customers leave?", "only broadband please", "both; reasons; cue=leaving; product=broadband"),
        ("How often do agents apologise?", "show me some examples", "both; cue/apology"),
        ("What is the churn rate?", "why?", "both; reasons; churned=true"),
        (
            "How many contacts mention a broken promise?",
            "what's the csat in those?",
            "count; csat; cue=cause_promise_broken",
        ),
        ("csat of Ada", "versus the rest of her team?", "count; csat; agent=Ada Byrne | agent!=Ada Byrne"),
        ("csat of families in July", "versus seniors", "count; csat; segment=family | segment=senior"),
        ("contacts per month", "now by week instead of by month", "count; contacts; by week"),
        ("csat of families in July", "How many emails mention the router?", "search; medium=email"),
    ],
)
def test_a_follow_up_changes_what_was_asked(before: str, question: str, plan: str, book: PhraseBook) -> None:
    assert told(question, book, before) == plan


def test_a_follow_up_keeps_the_period_unless_it_names_another(book: PhraseBook) -> None:
    assert str(planned("and for seniors?", book, "csat of families in July").period.since) == "2026-07-01"
    assert str(planned("and in June?", book, "csat of families in July").period.since) == "2026-06-01"


def test_people_are_told_what_was_understood(book: PhraseBook) -> None:
    told = planned("csat of the platinum customers in July by team, chrun", book).understood
    assert any("not understood: platinum" in note for note in told)
    assert any("2026-07-01 to 2026-07-31" in note for note in told)
    assert "chrun: read as churn" in told
    assert any("no such region" in note for note in planned("contacts from the eastern region", book).understood)


def test_a_question_no_phrase_fits_is_compared_with_written_ones(book: PhraseBook) -> None:
    class Near(Distant):
        """Takes two texts for the same."""

        def embed(self, texts):  # type: ignore[no-untyped-def]
            return super().embed(
                ["Which team has the happiest customers?" if "cheer" in text else text for text in texts]
            )

    fresh = PhraseBook.load()
    plan = route("How much cheer per team?", VOCABULARY, TODAY, embedder=Near(), book=fresh)
    assert plan.count is not None
    assert (plan.count.measure, plan.count.group_by) == ("csat", "team")


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_gets_a_plan(book: PhraseBook, text: str) -> None:
    plan = planned(text, book)
    assert plan.count is not None or plan.search is not None


def test_routing_imports_no_torch() -> None:
    code = "import sys, coach.routing; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
