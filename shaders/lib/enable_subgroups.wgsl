// Comes first: these shaders need the feature `subgroups`. They branch by quads, which is less than WGSL asks of workgroups
// and enough for what a quad's threads read from each other.
enable subgroups;
diagnostic(off, subgroup_uniformity);
