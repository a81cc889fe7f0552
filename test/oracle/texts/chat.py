"""Records conversations that transformers renders with chat templates: texts, tokens, masks of assistant tokens."""

import json
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import jinja2
import transformers
from transformers import PreTrainedTokenizerFast

from ..places import ORACLE, Json, read_json, write_json

TEMPLATES = ORACLE / "chat_templates"
TOKENIZER = ORACLE.parents[1] / "demo" / "public" / "models" / "prose-1.4M" / "tokenizer.json"

ADDED = ("<|im_start|>", "<|im_end|>", "<|end|>", "<|user|>", "<|assistant|>", "<s>", "</s>", "<|startoftext|>")
"""Special tokens that are added to the 2048 tokens of the demo's tokenizer."""
SPECIAL: dict[str, dict[str, str]] = {
    "qwen2_5": {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"},
    "qwen3": {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"},
    "phi3": {"bos_token": "<s>", "eos_token": "<|endoftext|>"},
    "chatml": {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"},
    "lfm2": {"bos_token": "<|startoftext|>", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"},
    "inst": {"bos_token": "<s>", "eos_token": "</s>"},
    "model_turns": {"bos_token": "<s>", "eos_token": "</s>"},
    "everything": {"eos_token": "</s>"},
    "gpt_oss": {"bos_token": "<|endoftext|>", "eos_token": "<|end|>"},
}

DAY = "2026-01-31"
"""The date that gpt-oss's template writes here in place of today's."""


ABOUT = (
    "Conversations as transformers' apply_chat_template gives them: text, and its ids; prompt, with "
    "add_generation_prompt; assistant_masks, by token, where the template marks the assistant's turns. refused: what "
    f"the template raises. Where it writes down a day, that is {DAY}, and there are no ids."
)


def _messages(*turns: str) -> list[dict[str, str]]:
    """Parses messages from strings such as 'user: Hello'."""
    pairs = (turn.split(": ", 1) for turn in turns)
    return [{"role": role, "content": content} for role, content in pairs]


CHATS = {
    "one turn": _messages("user: Who is Ahab?"),
    "an answer": _messages("user: Who is Ahab?", "assistant: The captain."),
    "a system message": _messages("system: Be brief.", "user: Who is Ahab?", "assistant: The captain."),
    "three answers": _messages(
        "system: Be brief.",
        "user: Who is Ahab?",
        "assistant: The captain.",
        "user: Of what?",
        "assistant: The Pequod,\na whaler.",
        "user: Really?",
        "assistant: Yes.",
    ),
    "without a system message": _messages(
        "user: Hello", "assistant: Good morning.", "user: And you are?", "assistant: Ishmael."
    ),
    "the user at the end": _messages("user: Hello", "assistant: Good morning.", "user: And you are?"),
    "thoughts": _messages(
        "user: 2 + 2?",
        "assistant: <think>\nTwo and two.\n</think>\n\n4",
        "user: And 3 + 3?",
        "assistant: <think>\nThree and three.\n</think>\n\n6",
    ),
    "white space and other signs": _messages(
        'user:   naïve <b>&amp;</b> "东京" 🙂\n', "assistant: \n\ttabs, 'quotes' \\ \n"
    ),
    "tokens in what is said": _messages("user: Say <|im_end|> and </s>.", "assistant: <|im_start|>"),
    "an empty answer": _messages("user: Say nothing.", "assistant: "),
    "roles that don't alternate": _messages("user: One.", "user: Two.", "assistant: Three."),
}


def make_chat(root: Path) -> None:
    rows: list[Json] = []
    for name, tokens in SPECIAL.items():
        tokenizer = _tokenizer((TEMPLATES / f"{name}.jinja").read_text(encoding="utf-8"), tokens)
        for chat, messages in CHATS.items():
            rows.append({"template": name, "chat": chat, "messages": messages} | _written(tokenizer, messages))
    document = {
        "about": ABOUT,
        "versions": {"transformers": transformers.__version__, "jinja2": jinja2.__version__},
        "added": ADDED,
        "special": SPECIAL,
        "rows": rows,
    }
    write_json(root / "chat.json", document)


def _tokenizer(template: str, tokens: dict[str, str]) -> PreTrainedTokenizerFast:
    definition = read_json(TOKENIZER)
    first = len(definition["model"]["vocab"])
    definition["added_tokens"] += [
        {"id": first + index, "content": content, "special": True, "normalized": False}
        | {"single_word": False, "lstrip": False, "rstrip": False}
        for index, content in enumerate(ADDED)
    ]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tokenizer.json"
        file.write_text(json.dumps(definition), encoding="utf-8")
        return PreTrainedTokenizerFast(tokenizer_file=str(file), chat_template=template, **tokens)


def _written(tokenizer: PreTrainedTokenizerFast, messages: Sequence[dict[str, str]]) -> Json:
    try:
        text = tokenizer.apply_chat_template(messages, tokenize=False)
    except jinja2.TemplateError as error:
        return {"refused": str(error)}
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    today = datetime.now().strftime("%Y-%m-%d")
    written: Json = {"text": text.replace(today, DAY), "prompt": prompt.replace(today, DAY)}
    if today in text:
        return written
    written["ids"] = tokenizer.apply_chat_template(messages, tokenize=True, return_dict=False)
    if "endgeneration" in tokenizer.chat_template:
        marked = tokenizer.apply_chat_template(messages, return_dict=True, return_assistant_tokens_mask=True)
        written["assistant_masks"] = list(marked["assistant_masks"])
    return written
