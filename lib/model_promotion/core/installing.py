"""How an extra of this program is installed: from its folder, as it is on no package index."""


def extra(name: str) -> str:
    """The command, to be typed where this program was checked out."""
    return f"pip install '.[{name}]' (in the folder of promote_model.py)"
