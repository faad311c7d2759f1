"""Signatures by the real ssh-keygen."""

import shutil
import subprocess
from pathlib import Path

import pytest

from model_promotion.approvals.ssh import SshSignatures
from model_promotion.core.errors import BadCall, Unavailable

SSH_KEYGEN = shutil.which("ssh-keygen") or ""
pytestmark = pytest.mark.skipif(not SSH_KEYGEN, reason="there is no ssh-keygen here")
ADA = "ada@example.com"


def a_key(folder: Path, name: str) -> Path:
    subprocess.run([SSH_KEYGEN, "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(folder / name)], check=True)
    return folder / name


def allow(folder: Path, *lines: str) -> Path:
    """A file of allowed signers: each line a name and the key's file."""
    path = folder / "allowed_signers"
    pairs = (line.rsplit(" ", 1) for line in lines)
    text = "".join(f"{who} {(folder / f'{key}.pub').read_text()}" for who, key in pairs)
    path.write_text(text)
    return path


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    a_key(tmp_path, "ada")
    a_key(tmp_path, "bob")
    return tmp_path


def test_a_text_is_that_of_its_signer_and_of_nobody_else(keys: Path) -> None:
    ssh, allowed = SshSignatures(), allow(keys, f"{ADA} ada", "bob bob")
    signature = ssh.sign("yes\n", keys / "ada")
    assert ssh.wrong("yes\n", signature, ADA, allowed) == ""
    assert "incorrect signature" in ssh.wrong("no\n", signature, ADA, allowed)
    for text, signed, who in (
        ("yes\n", signature, "bob"),
        ("yes\n", ssh.sign("yes\n", keys / "bob"), ADA),
        ("yes\n", "no signature", ADA),
        ("yes\n", signature, "-Y"),
        ("yes\n", signature, "*"),
    ):
        assert ssh.wrong(text, signed, who, allowed)


def test_a_signature_for_another_purpose_a_key_that_ended_and_a_file_that_is_gone_count_for_nothing(keys: Path) -> None:
    ssh = SshSignatures()
    words = [SSH_KEYGEN, "-Y", "sign", "-f", str(keys / "ada"), "-n", "git"]
    for_git = subprocess.run(words, input="yes\n", capture_output=True, text=True, check=True).stdout
    assert "namespace" in ssh.wrong("yes\n", for_git, ADA, allow(keys, f"{ADA} ada"))
    signature = ssh.sign("yes\n", keys / "ada")
    assert ssh.wrong("yes\n", signature, ADA, allow(keys, f'{ADA} valid-before="20200101" ada'))
    assert "there is no file" in ssh.wrong("yes\n", signature, ADA, keys / "gone")


def test_a_key_that_is_none_signs_nothing(keys: Path) -> None:
    with pytest.raises(BadCall, match="there is no key"):
        SshSignatures().sign("yes", keys / "gone")
    (keys / "text").write_text("no key")
    with pytest.raises(BadCall, match="did not sign"):
        SshSignatures().sign("yes", keys / "text")


def test_without_ssh_keygen_it_is_said(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(keys))
    with pytest.raises(Unavailable, match="ssh-keygen was not found"):
        SshSignatures().sign("yes", keys / "ada")
