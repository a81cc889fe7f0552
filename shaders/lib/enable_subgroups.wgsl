// Comes first: these shaders need the feature `subgroups`.
enable subgroups;
