"""The REST API: what the published copy says, for programs; what they say goes into landing as deliveries."""
