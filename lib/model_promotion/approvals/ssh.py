"""SSH signatures, made and verified by ssh-keygen: the keys that people have anyway, and the file that lists them.

https://man.openbsd.org/ssh-keygen#ALLOWED_SIGNERS describes the file, sshsig (PROTOCOL.sshsig of OpenSSH) the format.
"""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from model_promotion.core.approval import NAMESPACE
from model_promotion.core.errors import BadCall, TimedOut, Unavailable

SSH_KEYGEN = "ssh-keygen"
SIGN_WITHIN_S = 120.0  # A person may be asked for a passphrase, or to touch a key.
VERIFY_WITHIN_S = 20.0


class SshSignatures:
    """Runs ssh-keygen, without a shell; no private key is read here."""

    def sign(self, text: str, key: Path) -> str:
        """The armoured signature of a text.

        Raises:
            BadCall: when the key cannot sign.
            Unavailable: when there is no ssh-keygen, or nobody unlocked the key in time.
        """
        if not key.is_file():
            raise BadCall(f"there is no key {key}", hint="name the private key, or its .pub with ssh-agent")
        made = _run(["-Y", "sign", "-f", str(key.absolute()), "-n", NAMESPACE], text, SIGN_WITHIN_S)
        if made.returncode or "BEGIN SSH SIGNATURE" not in made.stdout:
            raise BadCall(f"{key} did not sign: {_last(made.stderr)}", hint="--sign-with KEYFILE names an SSH key")
        return made.stdout

    def wrong(self, text: str, signature: str, who: str, allowed: Path) -> str:
        """What is wrong with a signature, in a few words; empty when it is that of `who` by the file's keys.

        Raises:
            Unavailable: when there is no ssh-keygen.
        """
        if not allowed.is_file():
            return f"there is no file {allowed} of allowed signers"
        with TemporaryDirectory(prefix="promote-model-") as folder:
            armoured = Path(folder) / "signature"
            armoured.write_text(signature, encoding="utf-8")
            who_and_what = ["-f", str(allowed.absolute()), "-I", who, "-n", NAMESPACE, "-s", str(armoured)]
            seen = _run(["-Y", "verify", *who_and_what], text, VERIFY_WITHIN_S)
        return _last(seen.stderr or seen.stdout) if seen.returncode else ""


def _run(words: list[str], text: str, within_s: float) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - no shell, and every name is the value of an option
            [SSH_KEYGEN, *words], input=text, capture_output=True, encoding="utf-8", timeout=within_s, check=False
        )
    except FileNotFoundError as error:
        raise Unavailable(f"{SSH_KEYGEN} was not found", hint="install OpenSSH 8.2 or newer") from error
    except subprocess.TimeoutExpired as error:
        raise TimedOut(f"{SSH_KEYGEN} did not end within {within_s:g} s") from error


def _last(words: str) -> str:
    return next((line.strip() for line in reversed(words.splitlines()) if line.strip()), "it does not say why")
