"""The tutor in the browser: pages, components, state and caches. Only this room knows Streamlit."""
