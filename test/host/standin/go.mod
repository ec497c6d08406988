module example.invalid/standin

go 1.24
