"""What people can do in Discord. Each command defers, awaits the service, renders and sends."""
