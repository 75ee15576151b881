print("demand")
