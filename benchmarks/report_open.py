#!/usr/bin/env python3
"""How long a report takes to open in headless Chromium: 300 sites, and a mask of 2000 x 3000.

    benchmarks/report_open.py build/release/tests/report_pages

Prints for each page its size and, of 5 loads, the median and the longest time from asking for the page
until it is ready and painted, and until its first picture is drawn.
"""
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

LOADS = 5


def start():
    options = webdriver.ChromeOptions()
    for argument in ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                     "--window-size=1400,1000"]:
        options.add_argument(argument)
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


def load(driver, path):
    """Seconds until the page is ready and painted, and until a picture stands in its first card."""
    begin = time.monotonic()
    driver.get(path.as_uri())
    driver.execute_async_script("""
        const done = arguments[0], wait = () => document.documentElement.dataset.ready
          ? requestAnimationFrame(() => setTimeout(done)) : setTimeout(wait, 5);
        wait();""")
    ready = time.monotonic() - begin
    driver.execute_async_script("""
        const done = arguments[0];
        document.querySelector(".card").scrollIntoView();
        const wait = () => document.querySelector("canvas")
          ? requestAnimationFrame(() => setTimeout(done)) : setTimeout(wait, 5);
        wait();""")
    return ready, time.monotonic() - begin


def main():
    with tempfile.TemporaryDirectory() as name:
        subprocess.run([sys.argv[1], name], check=True)
        driver = start()
        try:
            for title, file in [("300 sites", "many.html"), ("2000 x 3000 mask", "large.html")]:
                path = pathlib.Path(name) / file
                times = [load(driver, path) for _ in range(LOADS)]
                text = ", ".join(
                    f"{what} {statistics.median(column):.2f} s (at most {max(column):.2f} s)"
                    for what, column in zip(["ready", "first picture"], zip(*times)))
                print(f"{title}: {path.stat().st_size / 1e6:.1f} MB, {text}")
        finally:
            driver.quit()


if len(sys.argv) != 2:
    sys.exit(__doc__)
main()
