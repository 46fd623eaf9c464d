# SPDX-License-Identifier: MIT
"""What the integration tests share: servers, databases, the command, terminals. One file per thing."""
