"""Drawings: SVG and bars, each from plain numbers; the page's style gives them their colours, by day and by night."""
