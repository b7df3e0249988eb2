"""The configuration of Sphinx, which reads it by itself."""

project = "dayfly"
html_title = "dayfly"
author = "The dayfly authors"
language = "en"
smartquotes = False
extensions = ["myst_parser"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 4
html_theme = "furo"
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
html_permalinks_icon = "#"
html_static_path = ["static"]
html_js_files = ["everybody.js"]
