"""`python chats.py FOLDER CHATS.json`: renders conversations with real transformers and the tokenizer in a folder.

Prints one JSON list with {"text": ..., "ids": [...]} for each, including the generation prompt, or {"refused": TEXT}.
Prints null if the tokenizer has no template.
"""

import json
import sys
from pathlib import Path
from typing import Any

import jinja2
from transformers import PreTrainedTokenizerFast


def written(tokenizer: PreTrainedTokenizerFast, messages: list[dict[str, str]]) -> dict[str, Any]:
    options = {"add_generation_prompt": True}
    try:
        text = tokenizer.apply_chat_template(messages, tokenize=False, **options)
    except jinja2.TemplateError as error:
        return {"refused": str(error)}
    return {"text": text, "ids": tokenizer.apply_chat_template(messages, return_dict=False, **options)}


def main() -> None:
    folder, chats = sys.argv[1:]
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    conversations = json.loads(Path(chats).read_text(encoding="utf-8"))
    answers = None if tokenizer.chat_template is None else [written(tokenizer, each) for each in conversations]
    print(f"\n{json.dumps(answers)}")


if __name__ == "__main__":
    main()
