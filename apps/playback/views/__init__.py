"""What a viewer's browser asks for while it watches."""
