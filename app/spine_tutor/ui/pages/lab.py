"""x."""
import streamlit as st


def page() -> None:
    """X."""
    st.write("x")
