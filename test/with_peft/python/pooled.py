"""`python pooled.py REQUEST`: prints vectors from sentence-transformers, or logits from the class of an exported run.

REQUEST is a JSON file. { folder, texts } requests the vectors of texts from the model in a folder.
{ base, adapter, rows, modules } requests the logits of rows of ids from an adapter on a pooled base model. The base
model's class is in the folder `modules`. { whole, rows } requests them from the folder of an exported model, which has
the class itself.
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel


def main() -> None:
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if "texts" in request:
        print(json.dumps(vectors(request)))
    else:
        model = exported(request["whole"]) if "whole" in request else adapted(request)
        print(json.dumps(logits(model, request["rows"])))


def vectors(request: Any) -> list[list[float]]:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(request["folder"], device="cpu")
    made: list[list[float]] = model.encode(request["texts"], show_progress_bar=False).tolist()
    return made


def adapted(request: Any) -> torch.nn.Module:
    sys.path.append(request["modules"])
    from pooled_classifier import pooled_base

    base = pooled_base(request["base"], request["adapter"])
    model: torch.nn.Module = PeftModel.from_pretrained(base, request["adapter"])
    return model


def exported(folder: str) -> torch.nn.Module:
    sys.path.append(folder)
    from pooled_classifier import pooled_model

    model: torch.nn.Module = pooled_model(folder)
    return model


def logits(model: torch.nn.Module, rows: list[list[int]]) -> list[list[float]]:
    with torch.no_grad():
        return [model(input_ids=torch.tensor([ids])).logits[0].tolist() for ids in rows]


main()
