// Comes first: these shaders need the feature `subgroups`. Their branches are uniform in a quad only. WGSL's check asks for more,
// but that is enough for the threads of a quad to read from each other.
enable subgroups;
diagnostic(off, subgroup_uniformity);
