print("hflow-tui")
