"""What lies outside of Ronda's walls, speaking its real protocol: push services, browsers, receivers."""
