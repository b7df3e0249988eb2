"""Two of the doors: Flask's views and the fast lane before them, with the control API and the console beside."""

from mockserver.web.app import create_app

__all__ = ["create_app"]
