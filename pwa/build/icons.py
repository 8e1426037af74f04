"""Draws the apps' PNG icons from their icon.svg with Chromium: `python build/icons.py`, in pwa/."""

from pathlib import Path

from playwright.sync_api import sync_playwright

PUBLIC = Path(__file__).parent.parent / "public"
PNGS = (("icon-192.png", 192, False), ("icon-512.png", 512, False), ("icon-maskable-512.png", 512, True))

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
    for svg in PUBLIC.glob("*/icon.svg"):
        for name, size, full_bleed in PNGS:
            page = browser.new_page(viewport={"width": size, "height": size})
            source = svg.read_text("utf-8")
            page.set_content(source.replace(' rx="96"', "") if full_bleed else source)
            page.add_style_tag(content=f"body{{margin:0}}svg{{display:block;width:{size}px;height:{size}px}}")
            page.screenshot(path=svg.parent / name, omit_background=True)
            page.close()
    browser.close()
