"""What a project declares that it needs against what the active environment has."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.domain.text import counted, safe, shell_word

_TOLD = 6  # packages named one by one


@dataclass(frozen=True, slots=True)
class Unmet:
    """A declared package that is not there, or in another version."""

    name: str
    wanted: str  # specifier as written; empty for any version
    found: str | None  # the installed version

    def __str__(self) -> str:
        wanted = f"{safe(self.name, 40)}{safe(self.wanted, 40)}"
        return f"{wanted} (is {safe(self.found, 30)})" if self.found else f"{wanted} (missing)"


@dataclass(frozen=True, slots=True)
class Needs:
    """What is declared, where, and what of it is not met."""

    sources: tuple[str, ...] = ()  # the files that declare something
    declared: int = 0
    unmet: tuple[Unmet, ...] = ()
    unknown: int = 0  # declared, and not to be compared: URLs, folders, conda's own libraries
    problems: tuple[str, ...] = ()
    conda_file: str = ""
    conda_name: str = ""
    conda_made: bool = False  # an environment of that name is there already

    @property
    def for_pip(self) -> tuple[str, ...]:
        """The files that pip can install from."""
        return tuple(source for source in self.sources if source != self.conda_file)

    @property
    def no_conda(self) -> str:
        """What is told where the conda file cannot be followed."""
        return f"{self.conda_file} is for conda, and no conda, mamba or micromamba is on the PATH here."

    @property
    def missing(self) -> tuple[Unmet, ...]:
        """What is not there at all."""
        return tuple(one for one in self.unmet if one.found is None)

    @property
    def told(self) -> str:
        """A sentence on what is not met."""
        names = ", ".join(map(str, self.unmet[:_TOLD]))
        more = f" and {len(self.unmet) - _TOLD} more" if len(self.unmet) > _TOLD else ""
        sources = ", ".join(safe(source, 40) for source in self.sources[:3])
        declared = f"{counted(self.declared, 'declared package')} ({sources})"
        return f"Of {declared} {len(self.unmet)} not met: {names}{more}."

    def install(self, kind: str, tool: str, python: str) -> str:
        """The command that makes the active environment what is declared; empty where there is none.

        Args:
            kind: of the active environment: venv, conda or system.
            tool: conda, mamba or micromamba; empty where none of them is here.
            python: the active interpreter, as a word of a shell.
        """
        if tool and self.conda_file and (kind == "conda" or not self.for_pip):
            if kind != "conda" and self.conda_made:
                return f"{tool} activate {shell_word(self.conda_name)}"
            return f"{tool} env {'update' if kind == 'conda' else 'create'} -f {self.conda_file}"
        for source in self.for_pip:
            if source.endswith(".txt"):
                return f"{python} -m pip install -r {shell_word(source)}"
        return f"{python} -m pip install -e ." if self.for_pip else ""
