"""The parts of the chat page (with app/chat.py the only importers of Streamlit)."""
