"""The front ends for sockets: Flask's views, the fast lane before them, the control API and the console."""

from mockserver.web.app import create_app

__all__ = ["create_app"]
