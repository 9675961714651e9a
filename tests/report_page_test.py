"""Looks at reports as a reader does, in headless Chromium: report_page_test.py REPORT_PAGES

Exits with 77 (skipped) where Chromium, its driver or Selenium are absent.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    print("skipped: python3-selenium is not installed")
    sys.exit(77)

chromium = shutil.which("chromium") or shutil.which("google-chrome")
chromedriver = shutil.which("chromedriver")
if not chromium or not chromedriver:
    print("skipped: chromium or chromium-driver is not installed")
    sys.exit(77)

NAMES = ["mu", "rate", "weights", "f", '"quoted" <b>&amp; & </script><!--', "two\nlines",
         "größe_σ_模型_\u2028", "odd", "y"]


def start():
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                     "--window-size=1400,1000", "--force-device-scale-factor=1"]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(service=Service(chromedriver), options=options)


def wait_for(what, condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "never happened: " + what
        time.sleep(0.05)


class Page:
    def __init__(self, driver, path):
        self.driver = driver
        driver.get(path.as_uri())
        wait_for("the page is ready", lambda: self.js("return document.documentElement.dataset.ready"))

    def js(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def click(self, selector):
        node = self.one(selector)
        self.js("arguments[0].scrollIntoView({block: 'center'})", node)
        node.click()

    def texts(self, selector):
        return self.js("return [...document.querySelectorAll(arguments[0])].filter(n => !n.closest('[hidden]'))"
                       ".map(n => n.textContent)", selector)

    def data(self, selector, key):
        return self.js("return [...document.querySelectorAll(arguments[0])].filter(n => !n.hidden)"
                       ".map(n => n.dataset[arguments[1]])", selector, key)

    def search(self, text):
        self.js("const s = document.getElementById('search'); s.value = arguments[0];"
                "s.dispatchEvent(new Event('input'))", text)

    def show_card(self, name):
        """Scrolls to a site's card, until it is drawn."""
        script = ("const card = [...document.querySelectorAll('.card')].find(c => c.dataset.name === arguments[0]);"
                  "card.scrollIntoView(); return card.dataset.drawn")
        wait_for("the card of " + name + " is drawn", lambda: self.js(script, name))

    def cells(self, label):
        """For each cell of a picture the set of its colours, read from the canvas without the cells' borders."""
        return self.js("""
            const canvas = document.querySelector(`canvas[aria-label="${arguments[0]}"]`);
            const {rows, columns, cellWidth: w, cellHeight: h} = canvas.dataset;
            const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height), result = [];
            for (let i = 0; i < rows; ++i) for (let j = 0; j < columns; ++j) {
              const colours = new Set();
              for (let y = i * h; y < (i + 1) * h - 1; ++y) for (let x = j * w; x < (j + 1) * w - 1; ++x) {
                const at = 4 * (y * canvas.width + x);
                colours.add(data.slice(at, at + 3).join());
              }
              result.push([...colours]);
            }
            return result;""", label)

    def background(self):
        return self.js("return getComputedStyle(document.body).backgroundColor")

    def check_silence(self):
        # Reading canvases back is this script's own doing.
        log = [e for e in self.driver.get_log("browser") if "getImageData" not in e["message"]]
        assert not log, log
        asked = self.js("return performance.getEntriesByType('resource').map(e => e.name).filter(n => !n.startsWith('data:'))")
        assert not asked, "the page asked for " + str(asked)


def check_names(page):
    assert page.js("return document.title") == "Small & <odd>"
    assert page.texts("#title") == ["Small & <odd>"]
    assert page.texts("#sites-table tbody td.name") == NAMES
    assert page.texts(".card h3") == NAMES
    assert sorted(page.data("#graph .node", "name")) == sorted(NAMES)
    # In the graph a name has a text element a line.
    assert "two" in page.texts(".node text.name") and "lines" in page.texts(".node text.name")
    for name in NAMES:
        if "\n" not in name:
            assert name in page.texts(".node text.name"), name
    assert sorted(page.texts(".plate text")) == ["columns · 12", "rows · 7"]
    assert page.texts("#params-table tbody td.name") == ["rate", "weights", "guide.loc"]
    # mu reaches the factor, "two lines" and y.
    assert len(page.texts(".edge")) == 3 and page.texts("#graph-note") == [""]


def check_table(page):
    assert page.texts("#sites-table tbody tr:last-child td") == [
        "9", "y", "observed", "Normal", "rows, columns", "(7, 12)", "()", "(7, 12)", "67/84", "handlers 17", "0.5",
        page.texts("#sites-table tbody tr:last-child td")[11]]
    by_density = page.driver.find_elements(By.CSS_SELECTOR, "#sites-table th button")[-1]
    number = lambda text: float(text.replace("−", "-").replace(",", ""))
    densities = lambda: [number(t) for t in page.texts("#sites-table tbody td:last-child") if t != "–"]
    given = densities()
    by_density.click()
    assert densities() == sorted(given) != given
    assert page.texts("#sites-table tbody td:last-child")[-1] == "–", "what has no density comes last"
    by_density.send_keys(Keys.ENTER)  # by keyboard, the other way round
    assert densities() == sorted(given, reverse=True)
    assert page.js("return document.querySelector('#sites-table th:last-child').ariaSort") == "descending"


def check_search(page):
    page.search("QUOTED")
    quoted = [NAMES[4]]
    assert page.texts("#sites-table tbody td.name") == quoted
    assert page.data(".card", "name") == quoted
    assert page.data("#forest .row", "name") == quoted
    assert page.data(".node:not(.faded)", "name") == quoted
    assert page.texts("#params-table tbody td.name") == []
    assert page.texts("#sites-count") == ["1 of 9 sites"]
    page.one("body").send_keys("/")
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert len(page.data(".card", "name")) == 9


def check_mask(page):
    page.show_card("y")
    hidden = [(i + 2 * j) % 5 == 0 for i in range(7) for j in range(12)]
    mask = page.cells("Mask of y")
    for k, colours in enumerate(mask):
        assert (len(colours) > 1) == hidden[k], f"cell {k} has the colours {colours}"
    assert len({c[0] for c, h in zip(mask, hidden) if not h}) == 1
    heat = page.cells("Value of y")
    for k, colours in enumerate(heat):
        assert (len(colours) > 1) == hidden[k], f"cell {k} has the colours {colours}"
        if hidden[k]:
            continue
        visible = [v for v, h in enumerate(hidden) if not h]
        expected = page.js("const c = d3.rgb(d3.interpolateViridis(arguments[0])); return [c.r, c.g, c.b]",
                           (k - visible[0]) / (visible[-1] - visible[0]))
        found = [int(v) for v in colours[0].split(",")]
        assert all(abs(a - b) <= 1 for a, b in zip(expected, found)), (k, expected, found)
    return mask[1][0]


def check_values(page):
    page.show_card("odd")
    card = page.js("return [...document.querySelectorAll('.card')].find(c => c.dataset.name === 'odd').outerHTML")
    assert card.count('class="dot"') == 2 and card.count('class="strange"') == 3 and "3 not finite" in card
    page.show_card("weights")
    assert "300" in page.texts("#params-table tbody tr:nth-child(2) td")[2]
    # A parameter that is none of the trace's sites, given beside it.
    cells = page.texts("#params-table tbody tr:last-child td")[1:]
    assert cells == ["(3,)", "3", "3", "2.6458", "1", "2", "6"], cells
    assert page.js("return [...document.querySelectorAll('.card')].find(c => c.dataset.name === 'weights')"
                   ".querySelectorAll('.bars rect').length") == 17


def check_fit(page):
    largest = lambda: page.js("return Math.max(...[...document.querySelectorAll('#fit-chart .grid text')]"
                              ".map(t => Number(t.textContent.replaceAll(',', '')) || 0))")
    assert largest() < 1000, "a first loss of 1e9 squeezes the others"
    assert "1,000,000,000" in "".join(page.texts("#fit-chart text.muted"))
    page.click("[data-scale=all]")
    assert largest() >= 1e9
    page.click("[data-scale=log]")
    assert "NaN" not in page.js("return document.querySelector('#fit-chart .mean').getAttribute('d')")
    page.click("[data-scale=robust]")


def check_forest(page):
    assert page.data("#forest .row", "name")[0] == "mu"
    assert page.texts("#forest .row:last-child text.muted") == ["2  [2, 2]"]
    choose = lambda text: page.js("const s = document.getElementById('forest-which');"
                                  "s.value = [...s.options].find(o => o.text === arguments[0]).value;"
                                  "s.dispatchEvent(new Event('change'))", text)
    choose("y")
    first = page.data("#forest .row", "name")
    visible = [f"y[{i}, {j}]" for i in range(7) for j in range(12) if (i + 2 * j) % 5]
    assert first == visible[:25], "what the mask hides is no estimate"
    assert "17 of 84 elements of y" in page.texts("#forest-note")[0]
    assert page.texts("#forest-page") == ["1 of 3 pages"]
    page.click("#forest-on")
    assert page.data("#forest .row", "name") == visible[25:50]
    page.search("y[6, 11]")
    assert page.data("#forest .row", "name") == ["y[6, 11]"]
    page.search("")
    choose("latent and computed")


def check_resize(page):
    """Charts and pictures are drawn anew for the width that there is."""
    resize = lambda width: page.driver.set_window_size(width, 1000)
    chart = lambda: page.js("""
        const card = [...document.querySelectorAll('.card')].find(c => c.dataset.name === 'weights');
        return [Number(card.querySelector('svg').getAttribute('width')), card.clientWidth]""")
    page.show_card("weights")
    wide = chart()
    resize(500)
    wait_for("the chart is narrow", lambda: chart()[0] < chart()[1] < 500)
    page.show_card("y")
    narrow = page.js("return document.querySelector('canvas[aria-label=\"Mask of y\"]').offsetWidth")
    resize(1400)
    wait_for("the chart is wide again", lambda: chart() == wide)
    page.show_card("y")
    mask = "document.querySelectorAll('canvas[aria-label=\"Mask of y\"]')"
    wait_for("the picture grows", lambda: page.js(f"return {mask}[0].offsetWidth") >= narrow)
    assert page.js(f"return {mask}.length") == 1, "the old picture has stayed"


def luminance(colour):
    channel = lambda v: v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4
    r, g, b = (channel(int(v) / 255) for v in re.findall(r"\d+", colour)[:3])
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(page, selector):
    text, ground = page.js("""
        const node = document.querySelector(arguments[0]);
        let box = node;
        while (getComputedStyle(box).backgroundColor === "rgba(0, 0, 0, 0)") box = box.parentElement;
        return [getComputedStyle(node).color, getComputedStyle(box).backgroundColor];""", selector)
    a, b = sorted([luminance(text), luminance(ground)])
    return (b + 0.05) / (a + 0.05)


def check_themes(page, light_mask):
    prefer = lambda value: page.driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": value}]})
    for theme in ["light", "dark"]:
        prefer(theme)
        wait_for(theme, lambda: page.js("return document.documentElement.dataset.theme") == theme)
        assert (luminance(page.background()) < 0.1) == (theme == "dark")
        for selector in ["td.name a", "#fit-note", ".card .sub", ".kind.latent", ".kind.observed", ".kind.param",
                         ".kind.deterministic", ".kind.factor", ".stats", "th button"]:
            assert contrast(page, selector) >= 4.5, (theme, selector, contrast(page, selector))
    assert page.cells("Mask of y")[1][0] != light_mask, "the picture kept the light colours"
    page.click("#theme")
    assert luminance(page.background()) > 0.5 and page.cells("Mask of y")[1][0] == light_mask
    prefer("light")
    prefer("dark")  # the reader has chosen
    assert page.js("return document.documentElement.dataset.theme") == "light"


def check_keyboard(page):
    page.show_card("y")
    page.js("document.querySelector('canvas[aria-label=\"Mask of y\"]').focus()")
    page.driver.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    assert page.texts("#tip") == ["[1, 0] counts"]
    page.driver.switch_to.active_element.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert page.texts("#tip") == ["[1, 2] hidden"]


def check_edges(driver, folder):
    """Arrows between plates; none from names that the trace lacks."""
    text = (folder / "small.html").read_text()
    found = re.search(r'id="data">(.*?)</script>', text, re.S)
    content = json.loads(found.group(1))
    for site in content["sites"]:
        site["parents"] = {"y": ["mu", NAMES[4], "nobody"], "odd": ["y"]}.get(site["name"], [])
    data = json.dumps(content).replace("<", "\\u003c")
    path = folder / "edges.html"
    path.write_text(text[:found.start(1)] + data + text[found.end(1):])
    page = Page(driver, path)
    assert len(page.texts(".edge")) == 3
    page.check_silence()


def check_empty(driver, folder):
    page = Page(driver, folder / "empty.html")
    assert page.texts("section h2") == [] and page.texts(".facts dd")[1] == "0"
    page.check_silence()


def check_chain(driver, folder):
    """What a loop repeats is one node that depends on itself; no edge runs through a label; matrices lie side by side."""
    page = Page(driver, folder / "chain.html")
    assert sorted(page.data("#graph .node", "name")) == ["cube", "shift", "start", "y_0 … y_5", "z_0 … z_5"]
    assert page.js("return document.querySelectorAll('#graph .node .edge').length") == 1, "z alone reads itself"
    assert len(page.texts(".plate.loop")) == 1 and "time · 6 in sequence" in page.texts(".plate text")
    assert len(page.texts(".card")) == len(page.texts("#sites-table tbody tr")) == 15
    crossed = page.js("""
        return [...document.querySelectorAll('#graph .plate text')].filter(label => {
          const {x, y, width, height} = label.getBBox();
          return [...document.querySelectorAll('#graph svg > g > .edge')].some(edge => {
            for (let at = 0; at < edge.getTotalLength(); ++at) {
              const p = edge.getPointAtLength(at);
              if (x < p.x && p.x < x + width && y < p.y && p.y < y + height) return true;
            }
            return false;
          });
        }).map(label => label.textContent)""")
    assert crossed == [], crossed
    page.show_card("cube")
    canvas = "document.querySelector('canvas[aria-label=\"Value of cube\"]')"
    assert page.texts(".tiles .scales") == ["4 matrices of 5 rows × 6 columns"]
    wide, high, cell = page.js(f"const c = {canvas}; return [c.width, c.height, Number(c.dataset.cellWidth)]")
    assert wide > 12 * cell and high < 20 * cell, (wide, high, cell)
    page.js(canvas + ".focus()")
    page.driver.switch_to.active_element.send_keys(*[Keys.ARROW_DOWN] * 7)
    assert page.texts("#tip") == ["[1, 2, 0] = 42"], page.texts("#tip")
    page.check_silence()


def check_large(driver, folder):
    page = Page(driver, folder / "large.html")
    assert "did not record relations" in page.texts("#graph-note")[0]
    page.show_card("x")
    assert page.js("return document.querySelector('canvas').dataset.rows") == "200"
    page.js("document.querySelector('canvas[aria-label=\"Mask of x\"]').focus()")
    press = page.driver.switch_to.active_element.send_keys
    press(Keys.ARROW_DOWN)
    assert page.texts("#tip") == ["rows 10–19, columns 0–9: 50 % counts"], page.texts("#tip")
    press(*[Keys.ARROW_DOWN] * 99)
    assert page.texts("#tip") == ["rows 1000–1009, columns 0–9 hidden"], page.texts("#tip")
    page.check_silence()


def check_many(driver, folder):
    page = Page(driver, folder / "many.html")
    assert len(page.texts("#sites-table tbody tr")) == len(page.texts(".node")) == len(page.texts(".card")) == 300
    boxes = page.js("return [...document.querySelectorAll('.node .shape:first-child')].map(n => {"
                    "const b = n.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]})")
    apart = lambda a, b: a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    assert all(apart(a, b) for k, a in enumerate(boxes) for b in boxes[:k]), "nodes lie upon each other"
    # A click on a name leads to the card, however many are not yet drawn; from the graph also past the search.
    where = lambda: page.js("return document.getElementById('site-299').getBoundingClientRect().top / innerHeight")
    for selector in ["#sites-table a[href='#site-299']", ".node[href='#site-299'] .name"]:
        page.js("scrollTo(0, 0)")
        page.search("" if selector.startswith("#") else "site_10")
        page.click(selector)
        wait_for("the card is in sight", lambda: 0 < where() < 0.5)
        time.sleep(0.3)
        assert 0 < where() < 0.5, "the card went away: " + str(where())
    page.show_card("site_299")
    hidden = [(i + 2 * j) % 5 == 0 for i in range(20) for j in range(30)]
    assert [len(colours) > 1 for colours in page.cells("Mask of site_299")] == hidden
    page.search("site_29")
    assert len(page.data(".card", "name")) == 11
    page.check_silence()


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([sys.argv[1], name], check=True)
        driver = start()
        try:
            page = Page(driver, folder / "small.html")
            check_names(page)
            check_table(page)
            check_search(page)
            check_values(page)
            light_mask = check_mask(page)
            check_fit(page)
            check_forest(page)
            check_resize(page)
            check_themes(page, light_mask)
            check_keyboard(page)
            page.check_silence()
            driver.execute_cdp_cmd("Page.printToPDF", {})
            assert len(page.data(".card[data-drawn]", "name")) == len(NAMES), "paper lacks cards"
            check_edges(driver, folder)
            check_empty(driver, folder)
            check_chain(driver, folder)
            check_large(driver, folder)
            check_many(driver, folder)
        finally:
            driver.quit()
    print("all good")


main()
