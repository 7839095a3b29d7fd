"""What reads bytes from outside, each as a function of bytes that raises nothing, whatever the bytes are."""
