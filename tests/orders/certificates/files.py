"""The certificates of these tests, and how the site's settings name them."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent


def text_of(name: str) -> str:
    return (HERE / f"{name}.crt").read_text()


def certify(settings, folder: Path, *, as_pem: bool = False) -> None:
    settings.ALIPAY_PUBLIC_KEY_FILE = ""
    for name, file in (("APP_CERT", "app.crt"), ("CERT", "gateway.crt"), ("ROOT_CERT", "root.crt")):
        setattr(settings, f"ALIPAY_{name}_FILE", (folder / file).read_text() if as_pem else str(folder / file))
    if as_pem:
        settings.ALIPAY_PRIVATE_KEY_FILE = (folder / "app_private.pem").read_text().replace("\n", "\\n")
