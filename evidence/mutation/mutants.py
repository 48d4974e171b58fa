"""The mutants of ``core/``: what mutmut makes of its functions, and what is changed outside them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import libcst as cst
from mutmut.mutation.file_mutation import create_mutations, deep_replace, mutate_file_contents
from mutmut.mutation.trampoline_templates import CLASS_NAME_SEPARATOR

from evidence.mutation.explained import EXPLAINED, Explained

PACKAGE = "airflow_provider_reach"
# As if it were installed: from code that is not, hypothesis takes numbers and texts for its examples, the mutants' too.
INSTALLED = Path("site-packages")
CORE = f"{PACKAGE}.core."
SOURCES = ("core/**/*.py", "client/body.py")
"""What is broken: all that decides, and what reads an answer as it comes in, which is as pure."""


@dataclass
class Mutant:
    """
    One change of the code.

    :param module: The dotted name of its module, below core.
    :param path: Its file in the copy.
    :param function: The function, with its class; empty outside functions.
    :param was: The lines it changes.
    :param becomes: What they become.
    :param name: The name by which mutmut knows it; empty outside functions.
    :param code: The whole changed module; outside functions only.
    :param verdict: ``killed``, ``survived``, ``time`` (it never ended), ``broken`` (nothing could be imported).
    :param said: The test that noticed, or how many did not.
    """

    module: str
    path: Path
    function: str
    was: str
    becomes: str
    name: str = ""
    code: str = field(default="", repr=False)
    verdict: str = ""
    said: str = ""

    @property
    def place(self) -> str:
        """Where it is, as the command line takes it."""
        return f"{self.module}.{self.function}" if self.function else self.module

    @property
    def why(self) -> Explained | None:
        """Why no test can or should notice it."""
        return next((one for one in EXPLAINED if one.fits(self.place, self.was, self.becomes)), None)


def sources() -> list[Path]:
    """The files of the copy that are broken."""
    return sorted(path for pattern in SOURCES for path in (INSTALLED / PACKAGE).glob(pattern))


def within(place: str, asked: str) -> bool:
    """Whether a place is the one that was asked for, or in it."""
    return f"{place}.".startswith(f"{asked}.")


class Undecorated(cst.CSTTransformer):
    """
    A property becomes an assignment after the function, since mutmut leaves decorated functions alone.

    A cache is removed: the results it holds would hide the function's mutants.
    """

    def leave_FunctionDef(
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef | cst.FlattenSentinel[cst.BaseStatement]:
        """Remove its decorators, unless mutmut knows them."""
        names = [cst.ensure_type(found, cst.Name).value for found in map(_called, updated_node.decorators)]
        bare = updated_node.with_changes(decorators=[])
        if names == ["lru_cache"]:
            return bare
        if names in (["property"], ["cached_property"]):
            value = cst.Call(cst.Name(names[0]), [cst.Arg(updated_node.name)])
            assigned = cst.Assign([cst.AssignTarget(updated_node.name)], value)
            return cst.FlattenSentinel([bare, cst.SimpleStatementLine([assigned])])
        if names not in ([], ["classmethod"], ["staticmethod"]):
            raise NotImplementedError(f"{updated_node.name.value} has the decorators {names}: say here what to do")
        return updated_node


def _called(decorator: cst.Decorator) -> cst.BaseExpression:
    return decorator.decorator.func if isinstance(decorator.decorator, cst.Call) else decorator.decorator


def mutants_of(places: Collection[str]) -> Iterator[Mutant]:
    """
    Every mutant; the files of the copy then hold those of functions, each one asleep.

    :param places: Rooms, modules or functions, whose whole modules are meant; none for all.
    """
    for path in sources():
        import_path = ".".join(path.relative_to(INSTALLED).with_suffix("").parts)
        module = import_path.removeprefix(CORE).removeprefix(f"{PACKAGE}.")
        if places and not any(within(module, place) or within(place, module) for place in places):
            continue
        source = path.read_text(encoding="utf-8")
        yield from mutants_of_values(module, path, source)
        mutated = mutate_file_contents(str(path), source)
        path.write_text(mutated.code, encoding="utf-8")
        lines = mutated.code.splitlines()
        spans = mutated.line_span_by_function_name
        texts = {
            name: [line.replace(f"def {name}(", "def (") for line in lines[span.start - 1 : span.end]]
            for name, span in spans.items()
        }
        for name in mutated.mutant_names:
            mangled = name.rpartition("__mutmut_")[0]
            was, becomes = difference(texts[f"{mangled}__mutmut_orig"], texts[name])
            function = mangled.removeprefix("x_").removeprefix("x" + CLASS_NAME_SEPARATOR)
            if not is_prose(was, becomes):
                place = function.replace(CLASS_NAME_SEPARATOR, ".")
                yield Mutant(module, path, place, was, becomes, f"{import_path}.{name}")


def is_prose(was: str, becomes: str) -> bool:
    """Whether only the text of a sentence differs: by XX at its ends, or by its capitals."""
    if marked := re.search(r"""(["'])XX(.*)XX\1""", becomes):
        return " " in marked[2]
    differing = [at for at, (old, new) in enumerate(zip(was, becomes, strict=False)) if old != new]
    if was.lower() != becomes.lower() or not differing:
        return False
    first, last = differing[0], differing[-1]
    return " " in was[was.rfind('"', 0, first) : was.find('"', last)]


def mutants_of_values(module: str, path: Path, source: str) -> Iterator[Mutant]:
    """Mutants outside functions: the numbers, flags and operators of constants and of fields' defaults."""
    tree, mutations, _, _ = create_mutations(str(path), source)
    values = {id(node) for statement in statements(tree) for node in below(statement)}
    texts = (cst.SimpleString, cst.Call, cst.Assign, cst.AnnAssign)
    for mutation in mutations:
        if id(mutation.original_node) in values and not isinstance(mutation.original_node, texts):
            code = cst.ensure_type(deep_replace(tree, mutation.original_node, mutation.mutated_node), cst.Module).code
            yield Mutant(module, path, "", *difference(source.splitlines(), code.splitlines()), code=code)


def statements(module: cst.Module) -> Iterator[cst.CSTNode]:
    """The plain statements of a module and of its classes."""
    for node in module.body:
        inner = node.body.body if isinstance(node, cst.ClassDef) else [node]
        yield from (statement for statement in inner if isinstance(statement, cst.SimpleStatementLine))


def below(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The node and all that it holds."""
    yield node
    for child in node.children:
        yield from below(child)


def difference(before: Sequence[str], after: Sequence[str]) -> tuple[str, str]:
    """The lines that differ, each side on one line."""
    changed = [line for line in difflib.ndiff(before, after) if line[:2] in ("- ", "+ ")]
    return tuple(" ".join(line[2:].strip() for line in changed if line[0] == sign) for sign in "-+")  # type: ignore[return-value]
