// Comes first in shaders that need the feature `subgroups`. Their branches are uniform in each quad, which is enough for the threads of
// a quad to read from each other. WGSL's uniformity check is stricter, so it is off.
enable subgroups;
diagnostic(off, subgroup_uniformity);
