"""Name the browser and system of a User-Agent header, such as "Firefox" and "Linux", without versions.

A full table has a thousand regular expressions, which would run on whatever a visitor sends.
"""

READ = 400  # characters of the header that are looked at

# The first match wins: most browsers also name the browsers that they imitate.
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
    """Return the names of the browser and the system, None for what is unknown."""
    text = user_agent[:READ]
    browser = next((name for mark, name in _BROWSERS.items() if mark in text), None)
    return browser, next((name for mark, name in _SYSTEMS.items() if mark in text), None)
