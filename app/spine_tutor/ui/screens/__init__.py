"""The pages: one module each, with a function `page`.

The folder is not called `pages`: Streamlit would take its files for pages of their own.
"""
