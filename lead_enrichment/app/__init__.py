"""The web app: answers without SQL, from the published copy; what people say goes into landing as a delivery."""
