"""The LLM client against a real server on loopback: whatever the server does, a run goes on."""

import json
import re
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pytest
from chatserver import Handler, breaks_off, chat_server, chunk, drips, fails, says, sends
from commandline import ROOT
from pydantic import BaseModel, ConfigDict

from coach.config import LlmConfig, StoreConfig
from coach.llm import Llm, Request, open_llm
from coach.prompting import Prompt, Provenance
from coach.store import open_store

PROMPT = Prompt("test", 3, "Tests.", {"text": "anything"}, "Mood", "What mood is $text? JSON, please.\n")
GOOD = {"mood": "glad", "turns": [1, 2]}


class Mood(BaseModel):
    model_config = ConfigDict(extra="forbid")

    mood: Literal["glad", "sad"]
    turns: list[int]


def config(url: str, **changes: Any) -> LlmConfig:
    return replace(LlmConfig(base_url=url, model="m", timeout_s=5.0), **changes)


def opened(url: str, **changes: Any) -> Llm:
    llm = open_llm(config(url, **changes))
    assert llm is not None
    return llm


def ask(llm: Llm, text: str = "this", call: str = "call-1") -> Mood | None:
    reply = llm.ask(PROMPT, {"text": text}, Mood, call)
    return None if reply is None else reply.value


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coach.llm.FIRST_WAIT_S", 0.01)


def test_none_configured_means_no_llm() -> None:
    assert open_llm(None) is None


def test_a_reply_is_checked_and_says_where_it_comes_from() -> None:
    with chat_server(says(GOOD, tokens=42)) as server:
        llm = opened(server.url)
        reply = llm.ask(PROMPT, {"text": "{x} ${y} $5"}, Mood, "c")
    assert reply is not None
    assert reply.value == Mood(mood="glad", turns=[1, 2])
    assert reply.provenance == Provenance("test", 3, PROMPT.sha256, "m")
    assert str(reply.provenance) == f"test v3 ({PROMPT.sha256[:12]}), m"
    assert llm.problems == []
    assert llm.tokens_used == 42
    (asked,) = server.asked
    assert asked["messages"] == [{"role": "user", "content": "What mood is {x} ${y} $5? JSON, please.\n"}]
    assert asked["stream"] is True
    assert asked["max_tokens"] == 1000
    assert asked["response_format"]["json_schema"]["schema"]["properties"].keys() == {"mood", "turns"}
    assert "tools" not in asked


def test_what_cannot_be_sent_is_replaced() -> None:
    with chat_server(says(GOOD)) as server:
        assert ask(opened(server.url), "caf\u00e9 \ud83d") is not None
    assert server.prompts() == ["What mood is caf\u00e9 ?? JSON, please.\n"]


def test_tokens_are_estimated_where_the_server_does_not_count() -> None:
    text = json.dumps(GOOD)
    with chat_server(says(text)) as server:
        llm = opened(server.url)
        ask(llm)
    assert llm.tokens_used == len("What mood is this? JSON, please.\n") // 4 + len(text) // 4


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{json.dumps(GOOD, indent=1)}\n```",
        f"Gladly {{as always}}. Here it is: {json.dumps(GOOD)} Anything else?",
        f'<think>Is it {{"mood": "sad"}}?</think>{json.dumps(GOOD)}',
    ],
)
def test_text_around_the_json_is_passed_over(text: str) -> None:
    with chat_server(says(text)) as server:
        assert ask(opened(server.url)) == Mood(mood="glad", turns=[1, 2])


@pytest.mark.parametrize("bad", ['{"mood": "furious", "turns": []}', "I am not able to.", '{"mood": "glad", "tur'])
def test_a_reply_that_does_not_fit_is_asked_for_once_more(bad: str) -> None:
    with chat_server(says(bad), says(GOOD)) as server:
        llm = opened(server.url)
        assert ask(llm) is not None
    first, second = server.asked
    assert second["messages"][:2] == [*first["messages"], {"role": "assistant", "content": bad}]
    assert "cannot be used" in second["messages"][2]["content"]
    assert llm.problems == []


def test_a_reply_that_never_fits_is_none_and_told_once() -> None:
    with chat_server(says("Hm.")) as server:
        llm = opened(server.url)
        assert [ask(llm, "a"), ask(llm, "b")] == [None, None]
    assert len(server.asked) == 4
    assert len(llm.problems) == 1
    assert "cannot be used" in llm.problems[0]


@pytest.mark.parametrize("nested", ['{"a":' * 50_000, "[" * 50_000 + "{", "{" * 3_000])
def test_deep_nesting_is_no_reply(nested: str) -> None:
    with chat_server(sends(f"data: {json.dumps(chunk(nested))}\n\ndata: [DONE]\n\n".encode())) as server:
        assert ask(opened(server.url)) is None


def test_options_a_server_does_not_know_are_left_out_and_that_is_remembered() -> None:
    with chat_server(fails(400), fails(400), says(GOOD)) as server:
        llm = opened(server.url)
        assert ask(llm, "a") is not None
        assert ask(llm, "b") is not None
    forms = [body.get("response_format", {}).get("type") for body in server.asked]
    assert forms == ["json_schema", "json_object", None, None]
    assert llm.problems == []


@pytest.mark.parametrize("trouble", [fails(500), fails(503), fails(429, Retry_After="0"), breaks_off])
def test_passing_trouble_is_tried_again(trouble: Any) -> None:
    with chat_server(trouble, trouble, says(GOOD)) as server:
        llm = opened(server.url)
        assert ask(llm) is not None
    assert len(server.asked) == 3
    assert llm.problems == []


def test_a_server_that_asks_for_patience_gets_it() -> None:
    with chat_server(fails(429, Retry_After="1"), says(GOOD)) as server:
        begun = time.monotonic()
        assert ask(opened(server.url)) is not None
    assert time.monotonic() - begun >= 1.0


@pytest.mark.parametrize("patience", ["3600", "Thu, 31 Dec 2099 23:59:59 GMT"])
def test_too_much_patience_is_refused(patience: str) -> None:
    with chat_server(fails(429, Retry_After=patience)) as server:
        llm = opened(server.url)
        assert ask(llm) is None
    assert len(server.asked) == 1
    assert "HTTP 429" in llm.problems[0]


def test_a_wrong_key_ends_the_asking_at_once_and_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", "sk-secret")
    with chat_server(fails(401, '{"error": {"message": "wrong key sk-secret"}}')) as server:
        llm = opened(server.url, api_key_env="TEST_KEY")
        assert [ask(llm, "a"), ask(llm, "b")] == [None, None]
    assert [headers["authorization"] for headers in server.headers] == ["Bearer sk-secret"]
    (problem,) = llm.problems
    assert "TEST_KEY" in problem
    assert "sk-secret" not in problem


def test_a_missing_key_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_KEY", raising=False)
    with chat_server(says(GOOD)) as server:
        llm = opened(server.url, api_key_env="TEST_KEY")
        assert ask(llm) is None
        assert server.asked == []
    assert "TEST_KEY" in llm.problems[0]


def test_without_a_key_variable_no_key_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-somebody-else")
    with chat_server(says(GOOD)) as server:
        ask(opened(server.url))
    assert "authorization" not in server.headers[0]


def test_a_server_that_is_not_there_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
    llm = opened(url)
    requests = [Request(PROMPT, {"text": str(n)}, Mood, "c") for n in range(20)]
    assert llm.ask_all(requests) == [None] * 20
    assert "goes on without it" in llm.problems[-1]
    assert "cannot be reached" in llm.problems[-1]
    assert len(llm.problems) <= 2
    assert ask(llm) is None


@pytest.mark.parametrize(
    "piece", [f"data: {json.dumps(chunk('a'))}\n\n".encode(), b"x"], ids=["an event at a time", "a byte at a time"]
)
def test_a_slow_drip_is_cut_at_the_limit(piece: bytes) -> None:
    with chat_server(drips(piece, every_s=0.05)) as server:
        llm = opened(server.url, timeout_s=0.4)
        begun = time.monotonic()
        assert ask(llm) is None
        assert time.monotonic() - begun < 2.0
    assert len(server.asked) == 1
    assert "llm.timeout_s" in llm.problems[0]


def test_a_huge_reply_is_cut() -> None:
    with chat_server(drips(f"data: {json.dumps(chunk('a' * 100_000))}\n\n".encode(), every_s=0.0)) as server:
        llm = opened(server.url)
        assert ask(llm) is None
    assert "sent far more" in llm.problems[0]


def test_a_reply_that_may_hide_its_size_is_refused() -> None:
    with chat_server(sends(b"\x1f\x8b", content_encoding="gzip")) as server:
        llm = opened(server.url)
        assert ask(llm) is None
    assert server.headers[0]["accept-encoding"] == "identity"
    assert llm.problems


@pytest.mark.parametrize(
    "nonsense",
    [
        sends(b"<html>Log in first</html>", "text/html"),
        sends(b"data: {not json\n\n"),
        sends(b'data: {"choices": "none"}\n\ndata: [DONE]\n\n'),
        sends(b"data: [1, 2]\n\ndata: [DONE]\n\n"),
        sends(b'data: {"error": {"message": "secret words"}}\n\n'),
        sends(b"\x00\xff\xfe" * 1000),
        sends(b""),
    ],
)
def test_garbage_is_no_reply(nonsense: Any) -> None:
    with chat_server(nonsense) as server:
        llm = opened(server.url)
        assert ask(llm) is None
    (problem,) = llm.problems
    assert "secret words" not in problem


def test_a_redirect_is_not_followed() -> None:
    with chat_server(says(GOOD)) as elsewhere, chat_server(fails(307, Location=elsewhere.url)) as server:
        llm = opened(server.url)
        assert ask(llm) is None
        assert elsewhere.asked == []
    assert "HTTP 307" in llm.problems[0]


def test_the_budget_ends_the_asking_and_says_so_once() -> None:
    with chat_server(says(GOOD, tokens=900)) as server:
        llm = opened(server.url, max_tokens_per_run=4000, concurrency=1)
        replies = [ask(llm, str(n)) for n in range(8)]
    assert [reply is not None for reply in replies] == [True] * 4 + [False] * 4
    assert llm.tokens_used == 3600
    (problem,) = llm.problems
    assert "llm.max_tokens_per_run = 4000" in problem


def test_requests_under_way_count_against_the_budget() -> None:
    with chat_server(says(GOOD, tokens=900)) as server:
        llm = opened(server.url, max_tokens_per_run=2500, concurrency=8)
        llm.ask_all([Request(PROMPT, {"text": str(n)}, Mood, "c") for n in range(8)])
    assert llm.tokens_used <= 2500
    assert len(server.asked) == 2


def test_a_prompt_longer_than_the_context_is_not_sent() -> None:
    with chat_server(says(GOOD)) as server:
        llm = opened(server.url, context_tokens=2000)
        assert ask(llm, "long " * 1000) is None
        assert ask(llm, "short") is not None
    assert len(server.asked) == 1
    assert "llm.context_tokens" in llm.problems[0]


def test_several_are_asked_at_once_and_answered_in_order() -> None:
    together = threading.Barrier(4)

    def when_all_four_are_here(handler: Handler) -> None:
        together.wait(timeout=10)
        number = int(re.findall(r"mood is (\d+)", handler.said)[0])
        time.sleep(0.02 * (4 - number % 4))
        says({"mood": "glad", "turns": [number]})(handler)

    with chat_server(when_all_four_are_here) as server:
        llm = opened(server.url, concurrency=4)
        replies = llm.ask_all([Request(PROMPT, {"text": str(n)}, Mood, "c") for n in range(8)])
    assert [reply and reply.value.turns for reply in replies] == [[n] for n in range(8)]


def test_the_same_is_not_asked_twice_and_forgotten_with_its_call(tmp_path: Path) -> None:
    with open_store(tmp_path, StoreConfig()) as store, chat_server(says(GOOD, tokens=42)) as server:
        llm = open_llm(config(server.url), store)
        assert llm is not None
        assert ask(llm, call="a") == ask(llm, call="a") is not None
        assert len(server.asked) == 1
        later = open_llm(config(server.url), store)
        assert later is not None
        assert ask(later, call="a") is not None
        assert later.tokens_used == 0
        assert (ask(later, "other", call="a"), ask(later, call="b")) != (None, None)
        assert len(server.asked) == 3


def test_a_reply_about_no_single_call_is_not_kept(tmp_path: Path) -> None:
    with open_store(tmp_path, StoreConfig()) as store, chat_server(says(GOOD)) as server:
        for _ in range(2):
            llm = open_llm(config(server.url), store)
            assert llm is not None
            assert llm.ask(PROMPT, {"text": "of many calls"}, Mood) is not None
    assert len(server.asked) == 2


def test_a_kept_reply_that_no_longer_fits_is_asked_for_again(tmp_path: Path) -> None:
    class Old(BaseModel):
        mood: str

    Old.__name__ = "Mood"
    with open_store(tmp_path, StoreConfig()) as store, chat_server(says({"mood": "old"}), says(GOOD)) as server:
        llm = open_llm(config(server.url), store)
        assert llm is not None
        assert llm.ask(PROMPT, {"text": "this"}, Old, "a") is not None
        assert ask(llm, call="a") == Mood(mood="glad", turns=[1, 2])


def test_a_prompt_is_asked_with_its_own_schema_only() -> None:
    class Other(BaseModel):
        pass

    with pytest.raises(ValueError, match="asks for Mood, not Other"):
        opened("http://127.0.0.1:9/v1").ask(PROMPT, {"text": ""}, Other, "c")


LONELY = """
import json, os, sys
import coach.cli.classify, coach.llm, coach.prompting, coach.web
loaded = [name for name in ("langchain_core", "langchain_openai", "openai", "torch") if name in sys.modules]
reached = []
sys.addaudithook(lambda name, args: reached.append(list(args[1][:2])) if name == "socket.connect" else None)
from coach.config import LlmConfig
from coach.environment import prepare
from coach.llm import Ready, open_llm
from coach.prompting import load_prompt
llm = open_llm(LlmConfig(base_url=sys.argv[1], model="m"))
answered = [llm.ask(load_prompt("say-ready"), {}, Ready, "") is not None]
os.environ.update({"LANGCHAIN_TRACING": "true", "LANGCHAIN_HANDLER": "true"})  # langchain-core fails when these are set
prepare()
answered.append(llm.ask(load_prompt("say-ready"), {}, Ready, "") is not None)
print(json.dumps({"loaded": loaded, "reached": reached, "answered": answered, "problems": llm.problems}))
"""


@dataclass(frozen=True, slots=True)
class Lonely:
    """What a process did whose environment wants everything traced, routed elsewhere and logged."""

    told: dict[str, Any]
    stderr: str
    port: int
    headers: list[dict[str, str]]
    spied: list[str]


@pytest.fixture(scope="module")
def lonely() -> Lonely:
    with chat_server(fails(500)) as spy, chat_server(says('{"ready": true}')) as server:
        true = ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING_V2", "LANGSMITH_OTEL_ENABLED")
        astray = (
            *("LANGSMITH_ENDPOINT", "LANGCHAIN_ENDPOINT", "LANGSMITH_GATEWAY", "HTTP_PROXY", "http_proxy"),
            *("ALL_PROXY", "OPENAI_BASE_URL", "OPENAI_API_BASE", "OPENAI_PROXY"),
        )
        keys = ("LANGSMITH_API_KEY", "OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID")
        environment = {
            "PYTHONPATH": str(ROOT),
            "OPENAI_CUSTOM_HEADERS": "X-Telltale: telltale",
            **dict.fromkeys(true, "true"),
            **dict.fromkeys(astray, spy.url.removesuffix("/v1")),
            **dict.fromkeys(keys, "telltale"),
        }
        command = [sys.executable, "-c", LONELY, server.url]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=environment)
        return Lonely(json.loads(ran.stdout), ran.stderr, server.server_port, server.headers, spy.paths)


def test_only_the_configured_server_is_reached_whatever_the_environment_says(lonely: Lonely) -> None:
    """Tracers, gateways, proxies and other addresses that langchain-core, langsmith, openai and httpx take from it."""
    assert lonely.told["answered"] == [True, True]
    assert lonely.told["problems"] == []
    assert lonely.told["reached"] == [["127.0.0.1", lonely.port]] * 2
    assert lonely.spied == []
    assert lonely.stderr == ""


def test_a_request_carries_nothing_that_the_environment_adds(lonely: Lonely) -> None:
    for headers in lonely.headers:
        assert headers.keys() == {"host", "content-type", "content-length", "accept", "accept-encoding"}


def test_what_needs_no_llm_loads_no_langchain(lonely: Lonely) -> None:
    """Pages too, which load no torch either."""
    assert lonely.told["loaded"] == []
