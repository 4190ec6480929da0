"""What programs ask of the site, as typed functions over HTTP and as read-only tools of an MCP server.

May import every other room of the pages but ``site``.
"""
