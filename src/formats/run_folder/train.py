"""Resumes a training run that began in a browser, from its last step.

    python train.py --model MODEL                one GPU, or none
    accelerate launch train.py --model MODEL     several

MODEL is the base model: a folder, or a name on the hub. The browser's files lie beside this script and aren't
changed: run.json, train.jsonl and a checkpoint. Started again, the script resumes from its own last checkpoint.
"""

import argparse
import json
import os
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

try:
    from packaging.requirements import Requirement
except ImportError:  # as in a fresh environment: packaging is installed with the others
    sys.exit("train.py needs packages that aren't installed. Run: pip install -r requirements.txt")

HERE = Path(__file__).resolve().parent
RUN = json.loads((HERE / "run.json").read_text())

# Checked first, because with other releases of these packages the imports below may fail.
for line in (HERE / "requirements.txt").read_text().split():
    needed = Requirement(line)
    try:
        found = version(needed.name)
    except PackageNotFoundError:
        sys.exit(f"train.py needs {needed}, which isn't installed. Run: pip install -r requirements.txt")
    if not needed.specifier.contains(found, prereleases=True):
        sys.exit(f"train.py needs {needed}, and {found} is installed. Run: pip install -r requirements.txt")

import torch
from peft import PeftModel
from safetensors.torch import load_file
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForImageClassification,
    AutoModelForSequenceClassification,
    PreTrainedConfig,
    Trainer,
    TrainingArguments,
    get_scheduler,
)

from classify import Examples
from data import Rows, collate
from pooled_classifier import PooledForSequenceClassification, keep_pooling, load_layers

if "preference" in RUN:  # TRL is needed for nothing else
    from prefer import preference_arguments, preference_trainer

CHECKPOINT: Path = HERE / RUN["checkpoint"]
# The initial weights of a classifier's head, which the base model may lack.
HEAD = HERE / "head.safetensors"

MODELS = {
    "causal_lm": AutoModelForCausalLM,
    "sequence_classification": AutoModelForSequenceClassification,
    "image_classification": AutoModelForImageClassification,
}


def main() -> None:
    options = parse_options()
    args = training_arguments(options)
    checkpoint = last_checkpoint(options.output_dir)
    done = steps_done(checkpoint)
    if done >= args.max_steps:
        sys.exit(f"Nothing is left to do: {checkpoint} is at step {done} of {args.max_steps}.")

    trainer = load_trainer(options.model, args)
    trainer.train(resume_from_checkpoint=str(checkpoint))
    trainer.save_model()
    trainer.save_state()
    if "pooling" in RUN and trainer.is_world_process_zero():
        keep_pooling(CHECKPOINT, Path(options.output_dir))


def load_trainer(name: str, args: TrainingArguments) -> Trainer:
    base = load_base(name)
    if "preference" in RUN:
        preferring = preference_trainer(base, name, args, RUN, HERE)
        preferring.optimizer, preferring.lr_scheduler = load_optimizer(preferring.model, args)
        trainer: Trainer = preferring
        return trainer
    model = PeftModel.from_pretrained(base, CHECKPOINT, is_trainable=True).to(args.device)
    return Trainer(model=model, args=args, **what_is_learned(model), optimizers=load_optimizer(model, args))


def what_is_learned(model: PeftModel) -> dict[str, Any]:
    """The Trainer's arguments for the rows, the collator, and a classifier's loss. Language models compute their own
    loss."""
    file = HERE / "train.jsonl"
    if RUN["task"] == "causal_lm":
        rows = Rows(file, RUN["rows_per_step"], RUN["shuffle"], RUN["seed"])
        return {"train_dataset": rows, "data_collator": collate}
    examples = Examples(file, RUN, getattr(model.config, "pad_token_id", None))
    return {"train_dataset": examples, "data_collator": examples.collate, "compute_loss_func": examples.loss}


def parse_options() -> argparse.Namespace:
    base = json.loads((CHECKPOINT / "adapter_config.json").read_text())["base_model_name_or_path"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=base, required=not base, help="the base model, a folder or a name")
    parser.add_argument("--output_dir", default="output", help="where checkpoints and the adapter go (output)")
    parser.add_argument("--per_device_train_batch_size", type=int, help="rows that a device takes at a time")
    return parser.parse_args()


def training_arguments(options: argparse.Namespace) -> TrainingArguments:
    """The run's arguments. A step has as many rows as in the browser, however many processes share them."""
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    if processes == 1 and torch.cuda.device_count() > 1:
        sys.exit("There are several GPUs here. Use `accelerate launch train.py`, or CUDA_VISIBLE_DEVICES=0 for one.")
    if "preference" in RUN and processes > 1:
        sys.exit("A run that learns from preferences continues in one process: its texts are compared within batches.")
    rows = RUN["rows_per_step"]
    if rows % processes != 0:
        sys.exit(f"{processes} processes can't share the {rows} rows of a step: start a number that divides {rows}.")
    share = rows // processes
    size = options.per_device_train_batch_size
    if size is not None and RUN.get("preference", {}).get("kind") == "kto":
        sys.exit("--per_device_train_batch_size: ratings stay in the batches that they are compared in.")
    if size is None:
        size = max(n for n in range(1, RUN["rows_at_a_time"] + 1) if share % n == 0)
    if size < 1 or share % size != 0:
        sys.exit(
            f"--per_device_train_batch_size: expected a divisor of {share}, a process's rows of a step, got {size}."
        )
    shared = {
        "output_dir": options.output_dir,
        "per_device_train_batch_size": size,
        "gradient_accumulation_steps": share // size,
        "train_sampling_strategy": "sequential",  # the data set itself knows the order
        "remove_unused_columns": False,
        "save_total_limit": 2,  # as many as in the browser
        **RUN["training_arguments"],
    }
    if "preference" in RUN:
        preferring: TrainingArguments = preference_arguments(RUN["preference"], shared)
        return preferring
    return TrainingArguments(**shared)


def last_checkpoint(output_dir: str) -> Path:
    """The checkpoint with the most steps: one of this script's, or the browser's."""
    return max([CHECKPOINT, *Path(output_dir).glob("checkpoint-*")], key=steps_done)


def steps_done(checkpoint: Path) -> int:
    """The number of steps in a checkpoint; -1 if writing it was interrupted: the file with the number is written
    last."""
    try:
        return int(json.loads((checkpoint / "trainer_state.json").read_text())["global_step"])
    except (OSError, ValueError):
        return -1


def load_base(name: str) -> torch.nn.Module:
    """The base model, in float32 as in the browser."""
    config = AutoConfig.from_pretrained(name)
    for part in [config, *(value for value in vars(config).values() if isinstance(value, PreTrainedConfig))]:
        for key in list(vars(part)):
            # In the browser, only the adapter has dropout.
            if key.endswith(("dropout", "dropout_prob", "pdrop", "layerdrop", "drop_path_rate")):
                setattr(part, key, 0.0)
    if "labels" in RUN:
        config.id2label = dict(enumerate(RUN["labels"]))
        config.label2id = {label: number for number, label in config.id2label.items()}
        config.problem_type = RUN["problem_type"]
    base = with_head(name, config)
    if HEAD.exists():
        base.load_state_dict(load_file(HEAD), strict=False)
    check_base(base, name)
    return base


def with_head(name: str, config: PreTrainedConfig) -> torch.nn.Module:
    """The base model with the head for the run's task: transformers' own, or one on pooled hidden states."""
    if "pooling" in RUN:
        network = AutoModel.from_pretrained(name, config=config, dtype=torch.float32)
        pooled = PooledForSequenceClassification(network, RUN["pooling"], len(RUN["labels"]))
        load_layers(pooled, name)
        return pooled
    model: torch.nn.Module = MODELS[RUN["task"]].from_pretrained(
        name, config=config, dtype=torch.float32, ignore_mismatched_sizes=HEAD.exists()
    )
    return model


def check_base(base: torch.nn.Module, name: str) -> None:
    """Checks that the shape and some elements of each tensor are those of the model that the run began with."""
    tensors = base.state_dict()
    for key, expected in RUN["base_model"].items():
        shape = list(tensors[key].shape) if key in tensors else None
        if shape != expected["shape"]:
            sys.exit(f"{name} isn't the model of this run: expected {key} of shape {expected['shape']}, got {shape}.")
    for key, expected in RUN["base_model"].items():
        here = tensors[key].flatten()[expected["at"]]
        # The dtype is given because JSON writes a float such as 1.0 as the integer 1.
        there = torch.tensor(expected["values"], dtype=here.dtype)
        # Weights may have been rounded to half precision on either side.
        if not torch.allclose(here, there, rtol=1e-2, atol=1e-6):
            sys.exit(f"{name} isn't the model of this run: expected {key} to begin with {there}, got {here}.")


def load_optimizer(model: PeftModel, args: TrainingArguments) -> tuple[AdamW, LambdaLR]:
    """AdamW and its schedule, in the state that they had in the browser. As there, weight decay applies to all trained
    parameters, including biases."""
    trained = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    moments = load_file(CHECKPOINT / "optimizer.safetensors", device=str(args.device))
    if moments.keys() != {f"{name}.{moment}" for name in trained for moment in ("exp_avg", "exp_avg_sq")}:
        sys.exit(f"{CHECKPOINT}/optimizer.safetensors is of other parameters than train here: {', '.join(trained)}.")
    # Fully trained modules (`modules_to_save`) may have their own learning rate.
    whole = [name for name in trained if ".modules_to_save." in name and "head_learning_rate" in RUN]
    groups = [{"params": [parameter for name, parameter in trained.items() if name not in whole]}]
    if whole:
        groups.append({"params": [trained[name] for name in whole], "lr": RUN["head_learning_rate"]})
    optimizer = AdamW(
        groups,
        lr=args.learning_rate,
        betas=(args.adam_beta1, args.adam_beta2),
        eps=args.adam_epsilon,
        weight_decay=args.weight_decay,
    )
    for name, parameter in trained.items():
        optimizer.state[parameter] = {
            "step": torch.tensor(float(RUN["step"])),
            "exp_avg": moments[f"{name}.exp_avg"],
            "exp_avg_sq": moments[f"{name}.exp_avg_sq"],
        }
    scheduler = get_scheduler(args.lr_scheduler_type, optimizer, int(args.warmup_steps), args.max_steps)
    optimizer.step()  # does nothing without gradients; torch expects it before the scheduler's first step
    for _ in range(RUN["step"]):
        scheduler.step()
    return optimizer, scheduler


if __name__ == "__main__":
    main()
