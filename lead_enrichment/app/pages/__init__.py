"""The pages of the app, a module each: `router`, and `MENU` where it stands in the menu."""
