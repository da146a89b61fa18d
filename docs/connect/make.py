"""Writes ``README.md`` and ``LISEZMOI.md`` from what the connectors say: ``python docs/connect/make.py``."""

from __future__ import annotations

from pathlib import Path

from echannel.connectors.catalogue import descriptions, matrix
from echannel.locale import LANGUAGES, Speaker

FILES = {"en": "README.md", "fr": "LISEZMOI.md"}
TEXTS = {
    "en": (
        "# Connecting a shop\n\n"
        "One page per source says which clicks to make in its back office, what is read and what is not. To\n"
        "add a source of your own: [new-connector.md](new-connector.md).\n\n"
        "```\n"
        ".venv/bin/echannel check my-shop     # what works, what is missing, whose turn it is\n"
        ".venv/bin/echannel sync my-shop      # read it; the next time, only what changed\n"
        ".venv/bin/echannel track my-cohort   # where every source stands, since when, what blocks\n"
        ".venv/bin/echannel sources my-cohort # what each tool still lacks, by field\n"
        "```\n\n"
        "A key never stands in a profile, only where it is kept: `env:NAME`, `keyring:service/name`, or\n"
        "`file:/path` for a file that only its owner may read (`chmod 600`), outside any git folder.\n\n"
        "Made from the connectors by `docs/connect/make.py`: change it there.\n"
    ),
    "fr": (
        "# Connecter une boutique\n\n"
        "Une page par source indique les clics à faire dans son back-office, ce qui est lu et ce qui ne\n"
        "l’est pas. Pour ajouter votre propre source\u00a0:\n"
        "[new-connector.md](new-connector.md) (en anglais).\n\n"
        "```\n"
        ".venv/bin/echannel check ma-boutique  # ce qui fonctionne, ce qui manque, à qui d’agir\n"
        ".venv/bin/echannel sync ma-boutique   # tout lire, puis seulement ce qui a changé\n"
        ".venv/bin/echannel track ma-cohorte   # où en est chaque source, depuis quand, ce qui bloque\n"
        ".venv/bin/echannel sources ma-cohorte # ce qui manque encore à chaque outil, champ par champ\n"
        "```\n\n"
        "Une clé ne figure jamais dans un profil, seulement l’endroit où elle est conservée\u00a0:\n"
        "`env:NOM`, `keyring:service/nom`, ou `file:/chemin` pour un fichier que seul son propriétaire\n"
        "peut lire (`chmod 600`), hors de tout dossier suivi par git.\n\n"
        "Tiré des connecteurs par `docs/connect/make.py`\u00a0: c’est là que cela se modifie.\n"
    ),
}


def page(language: str) -> str:
    """The page in one language: how to connect, then the matrix of sources."""
    head, rows = matrix(Speaker(language))
    for row, describes in zip(rows, descriptions().values(), strict=True):
        guide = f"{describes.guide}.{language}.md"
        if (Path(__file__).parent / guide).is_file():
            row[0] = f"[{row[0]}]({guide})"
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(cell.replace('|', '·') for cell in row)} |" for row in rows]
    return TEXTS[language] + "\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    for language in LANGUAGES:
        Path(__file__).with_name(FILES[language]).write_text(page(language), encoding="utf-8")
