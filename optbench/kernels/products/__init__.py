"""Matrix products, and the primitives that nets and matrix rules are written on."""
