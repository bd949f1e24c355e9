"""What a reader calls the browser that a User-Agent header comes from: "Firefox" and "Linux". Without version numbers,
and without the thousand regular expressions of a full table, which would run on whatever a visitor sends."""

READ = 400  # characters of the header that are looked at

# The first of a list whose mark stands in the header: most browsers name the ones that they are made after, too.
_BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "Vivaldi/": "Vivaldi",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chromium/": "Chromium",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
    "curl/": "curl",
    "python-requests/": "Python",
}
_SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Macintosh": "macOS",
    "Linux": "Linux",
}


def browser_and_system(user_agent: str) -> tuple[str | None, str | None]:
    """Their names, None where they are unknown."""
    text = user_agent[:READ]
    browser = next((name for mark, name in _BROWSERS.items() if mark in text), None)
    return browser, next((name for mark, name in _SYSTEMS.items() if mark in text), None)
